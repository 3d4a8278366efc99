"""What comes due by the passing of time alone."""

from collections.abc import Iterator
from enum import StrEnum
from heapq import heappop, heappush


class Due(StrEnum):
    """What it is, and (in brackets) whom it is about."""

    TASK = "TASK"  # (job, index): its back-off is over
    JOB = "JOB"  # (job,): its not-before has come
    LEASE = "LEASE"  # (worker,): its lease may be over


class Reminders:
    """A heap by time. Nothing is ever taken back: whoever is reminded looks whether it still matters."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Due, tuple[int, ...]]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, at: float, what: Due, *who: int) -> None:
        """``due`` will say so, from ``at`` on."""
        self._count += 1
        heappush(self._heap, (at, self._count, what, who))

    def due(self, now: float) -> Iterator[tuple[Due, tuple[int, ...]]]:
        """Everything whose time has come, in order."""
        while self._heap and self._heap[0][0] <= now:
            _, _, what, who = heappop(self._heap)
            yield what, who

    def next_due(self) -> float:
        """When to look again; infinity: never."""
        return self._heap[0][0] if self._heap else float("inf")
