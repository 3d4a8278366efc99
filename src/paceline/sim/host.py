"""A simulated worker: what it runs, what waits in its hand, and what it has not told yet.

As far as time goes it behaves as ``agent/state.py``: tasks start strictly in the order in which they came, as far as
they fit; ends are told at once, or with others if it has just said something; and what has waited in the hand for too
long goes back. Devices are not counted: the core grants no task ahead that needs one.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from paceline.model.columns import Endings
from paceline.model.events import AttemptsEnded
from paceline.model.ids import JobId, WorkerId
from paceline.model.resources import Need
from paceline.model.task import Outcome
from paceline.model.worker import Machine


class Run(NamedTuple):
    """Tasks of one job that a worker began together and that take equally long. No numbers: all are first attempts."""

    host: "Host"
    job: JobId
    need: Need
    indexes: Sequence[int]
    numbers: Sequence[int]
    seconds: float


class Held(NamedTuple):
    """A task in a worker's hand."""

    job: JobId
    need: Need
    index: int  # type: ignore[assignment]  # a field, not tuple.index
    number: int
    since: float


class Host:
    """See the module."""

    __slots__ = ("_ended", "cpu", "hand", "id", "machine", "memory", "said_at", "telling")

    def __init__(self, worker: WorkerId, machine: Machine) -> None:
        self.id = worker
        self.machine = machine
        self.cpu = machine.capacity.cpu
        self.memory = machine.capacity.memory
        self.hand: deque[Held] = deque()
        self.said_at = float("-inf")
        self.telling = False  # it is going to say something
        self._ended: dict[JobId, tuple[list[int], list[int], list[float]]] = {}

    def room(self, need: Need, wanted: int) -> int:
        """How many of so many tasks could start now."""
        room = min(wanted, self.cpu // need.cpu) if need.cpu else wanted
        return min(room, self.memory // need.memory) if need.memory else room

    def book(self, need: Need, count: int) -> None:
        """So many more run; a negative count: fewer."""
        self.cpu -= need.cpu * count
        self.memory -= need.memory * count

    def end(self, run: Run) -> None:
        """These are over, and it will be told."""
        self.book(run.need, -len(run.indexes))
        indexes, numbers, seconds = self._ended.setdefault(run.job, ([], [], []))
        indexes.extend(run.indexes)
        numbers.extend(run.numbers or [1] * len(run.indexes))
        seconds.extend([run.seconds] * len(run.indexes))

    def begin_next(self) -> Iterator[Held]:
        """Those in the hand that start now."""
        while self.hand and self.room(self.hand[0].need, 1):
            held = self.hand.popleft()
            self.book(held.need, 1)
            yield held

    def tell(self) -> Iterator[AttemptsEnded]:
        """All ends that were not told yet."""
        for job, (indexes, numbers, seconds) in self._ended.items():
            told = numbers if max(numbers) > 1 else ()
            yield AttemptsEnded(
                worker=self.id, endings=Endings(job=job, indexes=indexes, numbers=told, seconds=seconds)
            )
        self._ended = {}

    def give_back(self, before: float) -> Iterator[AttemptsEnded]:
        """What has been in the hand since then, unbegun."""
        by_job: dict[JobId, list[Held]] = {}
        while self.hand and self.hand[0].since <= before:
            held = self.hand.popleft()
            by_job.setdefault(held.job, []).append(held)
        for job, group in by_job.items():
            endings = Endings(
                job=job,
                indexes=[held.index for held in group],
                numbers=[held.number for held in group],
                outcomes=[Outcome.RETURNED] * len(group),
            )
            yield AttemptsEnded(worker=self.id, endings=endings)
