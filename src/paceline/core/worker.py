"""A worker and what is free of it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from paceline.core.job import Attempt
from paceline.core.queue import REMEMBERED
from paceline.model.ids import Incarnation, JobId, WorkerId
from paceline.model.resources import WHOLE, Capacity, GpuNeed, Need
from paceline.model.worker import Machine, WorkerState

ENDLESS = 1 << 20
"""How many tasks that need nothing of a worker it may hold."""


DRAIN_ASKED = "drain asked"
"""How the reason of every record begins that is kept of a worker while an operator has it drained."""


class Worker:
    """See the module."""

    __slots__ = (
        "ahead",
        "capacity",
        "cpu",
        "disk",
        "drained",
        "features",
        "gpus",
        "held",
        "id",
        "incarnation",
        "labels",
        "link",
        "machine",
        "memory",
        "name",
        "reason",
        "seen_at",
        "slots",
        "state",
        "tasks",
        "watched",
    )

    def __init__(self, worker: WorkerId, name: str) -> None:
        self.id = worker
        self.name = name
        self.incarnation = Incarnation(0)
        self.link = 0
        self.state = WorkerState.AWAY
        self.reason = ""  # why it is in that state
        self.capacity = Capacity(cpu=0, memory=0, disk=0)
        self.seen_at = 0.0
        self.drained = False  # an operator wants it to get nothing, until an operator resumes it or it leaves
        self.watched = False  # a reminder of its lease is set
        self.held: dict[tuple[JobId, int], Attempt] = {}
        self.ahead: dict[Need, int] = {}  # tasks held beyond capacity, which book nothing yet

    def introduce(self, machine: Machine) -> None:
        """Take over what the machine says of itself, and book what is held against it."""
        before = self.capacity.gpus
        self.machine = machine
        self.capacity = machine.capacity
        self.labels = frozenset(machine.labels)
        self.features = frozenset(machine.features)
        self.cpu = machine.capacity.cpu
        self.memory = machine.capacity.memory
        self.disk = machine.capacity.disk
        self.tasks = machine.capacity.tasks or ENDLESS
        self.gpus = [WHOLE] * len(machine.capacity.gpus)
        self.slots: dict[Need, int] = {}
        for attempt in self.held.values():
            self.book(attempt.need, 1)
            if attempt.need.gpu and machine.capacity.gpus == before:
                self.unpick(attempt.need.gpu, attempt.devices, -1)
            elif attempt.need.gpu:
                attempt.devices = self.pick(attempt.need.gpu)
        for need, count in self.ahead.items():
            self.book(need, -count)

    def allows(self, need: Need) -> bool:
        """Whether it is the right kind of machine at all: what no waiting can change."""
        return (
            self.labels.issuperset(need.labels) and self.features.issuperset(need.features) and self.slots_for(need) > 0
        )

    def slots_for(self, need: Need) -> int:
        """How many such tasks the empty machine could run at once."""
        known = self.slots.get(need)
        if known is None:
            if len(self.slots) >= REMEMBERED:
                self.slots.clear()
            whole = self.capacity
            free = [WHOLE] * len(whole.gpus)
            fits = _fits(need, whole.cpu, whole.memory, whole.disk, self._devices(need.gpu, free))
            known = self.slots[need] = min(fits, whole.tasks or ENDLESS)
        return known

    def free_for(self, need: Need, now: float) -> int:
        """How many such tasks it could start right now."""
        if self.cpu < need.cpu or self.tasks < 1 or not self.lasts(need, now):
            return 0
        devices = self._devices(need.gpu, self.gpus) if need.gpu else -1
        return min(self.tasks, _fits(need, self.cpu, self.memory, self.disk, devices))

    def lasts(self, need: Need, now: float) -> bool:
        """Whether the machine stays for as long as such a task asks for."""
        return not (need.time and self.machine.ends_at and self.machine.ends_at - now < need.time)

    def load(self) -> float:
        """Share of its processors that is booked."""
        return 1.0 - self.cpu / self.capacity.cpu

    def book(self, need: Need, times: int) -> None:
        """Take so much; a negative count gives back. Devices are booked one attempt at a time, by ``pick``."""
        self.cpu -= need.cpu * times
        self.memory -= need.memory * times
        self.disk -= need.disk * times
        self.tasks -= times

    def pick(self, need: GpuNeed) -> tuple[int, ...]:
        """Book devices for one attempt, the fullest that still fits first, so that whole ones stay whole."""
        share = min(need.milli, WHOLE)
        fit = [d for d in self._matching(need) if self.gpus[d] >= share]
        fit.sort(key=lambda d: (self.gpus[d], d))
        chosen = tuple(fit[: -(-need.milli // WHOLE)])
        self.unpick(need, chosen, -1)
        return chosen

    def unpick(self, need: GpuNeed, devices: Iterable[int], sign: int = 1) -> None:
        """Give an attempt's devices back; with a negative sign, take these again."""
        for device in devices:
            self.gpus[device] += sign * min(need.milli, WHOLE)

    def _matching(self, need: GpuNeed) -> Iterator[int]:
        return (position for position, gpu in enumerate(self.capacity.gpus) if need.takes(gpu))

    def _devices(self, need: GpuNeed | None, free: Sequence[int]) -> int:
        """How many such device requests the free shares could serve; -1: none is asked for."""
        if need is None:
            return -1
        if need.milli < WHOLE:
            return sum(free[d] // need.milli for d in self._matching(need))
        return sum(free[d] == WHOLE for d in self._matching(need)) // -(-need.milli // WHOLE)


def _fits(need: Need, cpu: int, memory: int, disk: int, devices: int) -> int:
    """How often a need fits into what is free."""
    most = cpu // need.cpu if need.cpu else ENDLESS
    if need.memory:
        most = min(most, memory // need.memory)
    if need.disk:
        most = min(most, disk // need.disk)
    return most if devices < 0 else min(most, devices)


Room: TypeAlias = tuple[Worker, int]
"""A worker, and how many tasks of some need it could start now."""
