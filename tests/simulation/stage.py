"""What really runs, on whatever host: the truth, which nobody in the story can see.

I4: never two attempts of one task at a time, and no attempt twice.  I6: never more on a host than it has.  I9: nothing
begins after its cancel.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from paceline.model.ids import AttemptId, TaskId
from paceline.model.resources import Need

AT_ONCE = 0.002
"""Seconds in which a worker does what it is told."""


@dataclass(slots=True)
class Place:
    """A host, and what its running tasks occupy."""

    name: str
    cpu: int
    memory: int
    running: dict[AttemptId, Need] = field(default_factory=dict)


class Stage:
    """See the module. ``payloads``: what each task was submitted with."""

    def __init__(self) -> None:
        self.running: dict[TaskId, AttemptId] = {}
        self.payloads: dict[TaskId, bytes] = {}
        self.stopped: dict[AttemptId, float] = {}  # when a worker heard that it is cancelled
        self._begun: set[AttemptId] = set()

    def enter(self, place: Place, attempt: AttemptId, need: Need, payload: bytes) -> None:
        """An attempt begins."""
        other = self.running.get(attempt.task)
        assert other is None, f"I4: {attempt} begins while {other} still runs"
        assert attempt not in self._begun, f"I4: {attempt} begins a second time"
        assert payload == self.payloads.get(attempt.task, payload), f"{attempt}: got another task's payload"
        place.running[attempt] = need
        for what in ("cpu", "memory"):
            used = sum(getattr(each, what) for each in place.running.values())
            assert used <= getattr(place, what), f"I6: {attempt} begins on {place.name}, which has no {what} left"
        self.running[attempt.task] = attempt
        self._begun.add(attempt)

    def check_wanted(self, attempt: AttemptId, now: float) -> None:
        """It is about to begin; the word to the supervisor that it is cancelled may be on its way."""
        stopped = self.stopped.get(attempt, now)
        assert now - stopped < AT_ONCE, (
            f"I9: {attempt} begins {now - stopped:.3f} s after its worker heard of its cancel"
        )

    def leave(self, place: Place, attempts: Iterable[AttemptId]) -> None:
        """Nothing of these is left."""
        for attempt in attempts:
            del place.running[attempt]
            del self.running[attempt.task]

    def runs(self, attempt: AttemptId) -> bool:
        """Whether anything of it is left."""
        return self.running.get(attempt.task) == attempt

    def began(self, attempt: AttemptId) -> bool:
        """Whether it ever did."""
        return attempt in self._begun
