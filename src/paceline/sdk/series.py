"""The outcomes of many calls of one ``map``: what a list of futures would be, without the futures.

A future costs ten times what a small task's outcome costs (a lock, a condition, five objects for the collector to look
at), and of a map nobody ever holds one. Outcomes wait in a dict until they are taken, in order, and are then let go.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass

from paceline.sdk.handles import Job


@dataclass(frozen=True, slots=True)
class _Failure:
    error: BaseException


class Series:
    """Tasks ``first`` … ``first + count - 1`` of a job. A ``handles.Waiter`` for each of them."""

    def __init__(self, job: Job, first: int, count: int) -> None:
        self._job = job
        self._next = first  # to be taken
        self._stop = first + count
        self._outcomes: dict[int, object] = {}
        self._arrived = threading.Condition()

    def results(self, patience: Callable[[], float | None]) -> Iterator[object]:
        """One after the other. Raises the task's error, or TimeoutError after the seconds that are left by then."""
        while self._next < self._stop:
            yield self._take(patience)

    def cancel(self) -> None:
        """Cancel what has not started and was not taken."""
        for index in range(self._next, self._stop):
            self.abandon(index)

    def _take(self, patience: Callable[[], float | None]) -> object:
        if self._next not in self._outcomes:
            with self._arrived:
                if not self._arrived.wait_for(lambda: self._next in self._outcomes, patience()):
                    raise TimeoutError
        outcome = self._outcomes.pop(self._next)
        self._next += 1
        if isinstance(outcome, _Failure):
            raise outcome.error
        return outcome

    # ── what becomes of the tasks ────────────────────────────────────────────────────────────────────────────────

    def begin(self, index: int) -> bool:
        return True

    def succeed(self, index: int, value: object) -> None:
        self._outcomes[index] = value
        if index == self._next:  # the only one that anybody can be waiting for
            with self._arrived:
                self._arrived.notify_all()

    def fail(self, index: int, error: BaseException) -> None:
        self.succeed(index, _Failure(error))

    def abandon(self, index: int) -> None:
        if self._job.withdraw(index):
            self.fail(index, CancelledError())
