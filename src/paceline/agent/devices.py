"""Booking: which devices an attempt gets, and whether processors, memory and disk are left for it.

The rule is the same as the core's (the fullest device that still fits first, so that whole ones stay whole), so server
and worker never disagree on whether something fits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paceline.model.resources import WHOLE, Capacity, GpuNeed, Need

ENDLESS = 1 << 20
"""Frames that a worker without a bound may have at work at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What one frame occupies. ``devices``: by UUID, each for ``share`` thousandths."""

    cpu: int
    memory: int
    disk: int
    devices: tuple[str, ...] = ()
    share: int = 0


class Books:
    """What is free of a machine."""

    __slots__ = ("_gpus", "capacity", "cpu", "devices", "disk", "memory", "tasks")

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self.cpu = capacity.cpu
        self.memory = capacity.memory
        self.disk = capacity.disk
        self.tasks = capacity.tasks or ENDLESS
        self.devices = {gpu.uuid: WHOLE for gpu in capacity.gpus}
        self._gpus = capacity.gpus

    def book(self, need: Need) -> Booking | None:
        """Take what is needed, all or nothing. None: not free."""
        if self.cpu < need.cpu or self.memory < need.memory or self.disk < need.disk or self.tasks < 1:
            return None
        devices: Sequence[str] = ()
        share = 0
        if need.gpu is not None:
            share = min(need.gpu.milli, WHOLE)
            devices = self._choose(need.gpu, share)
            if not devices:
                return None
        booking = Booking(cpu=need.cpu, memory=need.memory, disk=need.disk, devices=tuple(devices), share=share)
        self.restore(booking)
        return booking

    def restore(self, booking: Booking) -> None:
        """Take exactly this: it was booked before the agent was restarted. Devices that are gone are passed over."""
        self._add(booking, -1)

    def release(self, booking: Booking) -> None:
        """Give back."""
        self._add(booking, 1)

    def slots(self, need: Need) -> int:
        """How often the processors that are free now would do for it."""
        return min(self.cpu // need.cpu, self.tasks) if need.cpu else 1

    def check(self, bookings: Iterator[Booking]) -> None:
        """What is free and what is booked make up the whole."""
        whole = Books(self.capacity)
        for booking in bookings:
            whole.restore(booking)
        left = (self.cpu, self.memory, self.disk, self.tasks)
        assert (whole.cpu, whole.memory, whole.disk, whole.tasks) == left, "booking does not add up"
        assert whole.devices == self.devices, "device booking does not add up"

    def _add(self, booking: Booking, sign: int) -> None:
        self.cpu += sign * booking.cpu
        self.memory += sign * booking.memory
        self.disk += sign * booking.disk
        self.tasks += sign
        for uuid in booking.devices:
            if uuid in self.devices:
                self.devices[uuid] += sign * booking.share

    def _choose(self, need: GpuNeed, share: int) -> Sequence[str]:
        count = -(-need.milli // WHOLE)
        fit = [gpu.uuid for gpu in self._gpus if need.takes(gpu) and self.devices[gpu.uuid] >= share]
        fit.sort(key=lambda uuid: self.devices[uuid])  # stable: equals stay in the machine's order
        return fit[:count] if len(fit) >= count else ()
