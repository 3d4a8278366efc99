"""Who waits for which task of a job, from the call to the outcome.

*Who takes a waiter out of ``_pending`` decides its task's fate*: the event loop when the task starts or ends, or the
thread that cancels it. Taking out of a dict is atomic, so exactly one of them does, and no lock is held while callbacks
run.
"""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import CancelledError

from paceline.model.columns import Endings
from paceline.model.errors import TaskFailed
from paceline.model.ids import TaskId
from paceline.model.task import Ending, Outcome
from paceline.sdk.functions import failure, unpack
from paceline.sdk.handles import Waiter


class Outcomes:
    """``expect``, ``withdraw`` and ``cancel_pending`` from any thread; the rest belongs to the event loop."""

    def __init__(self) -> None:
        self._pending: dict[int, Waiter] = {}
        self._running: dict[int, Waiter] = {}
        self._empty = asyncio.Event()

    def expect(self, first: int, waiters: Iterable[Waiter]) -> None:
        """For tasks ``first``, ``first + 1`` …"""
        self._pending.update(enumerate(waiters, first))

    def withdraw(self, index: int) -> bool:
        """Nobody waits for it any more; whether it had not started."""
        return self._pending.pop(index, None) is not None

    def cancel_pending(self) -> None:
        """Cancel every task that has not started."""
        for index, waiter in list(self._pending.items()):
            waiter.abandon(index)

    def started(self, indexes: Sequence[int]) -> None:
        """Those that start for the first time are running now."""
        for index in indexes:
            waiter = self._pending.pop(index, None)
            if waiter is not None and waiter.begin(index):
                self._running[index] = waiter

    def ended(self, endings: Endings) -> None:
        """Ends of tasks, some perhaps for the second time."""
        self.started(endings.indexes)
        succeeded = not endings.outcomes
        for position, index in enumerate(endings.indexes):
            waiter = self._running.pop(index, None)
            if waiter is None:  # cancelled here, or told before
                continue
            if succeeded:
                _succeed(waiter, TaskId(endings.job, index), endings.results[position])
            else:
                _end(waiter, TaskId(endings.job, index), endings.ending(position))
        self.count()

    def fail(self, error: Exception) -> None:
        """Nothing more will be heard of any of them."""
        self.started(list(self._pending))
        while self._running:
            index, waiter = self._running.popitem()
            waiter.fail(index, error)
        self.count()

    async def emptied(self) -> None:
        """Return once nobody waits."""
        self.count()
        await self._empty.wait()

    def count(self) -> None:
        """See whether any is left."""
        if self._pending or self._running:
            self._empty.clear()
        else:
            self._empty.set()


def _end(waiter: Waiter, task: TaskId, ending: Ending) -> None:
    if ending.outcome is Outcome.SUCCEEDED:
        _succeed(waiter, task, ending.result)
    elif ending.outcome is Outcome.CANCELLED:
        waiter.fail(task.index, CancelledError(ending.detail))
    else:
        waiter.fail(task.index, failure(task, ending))


def _succeed(waiter: Waiter, task: TaskId, result: bytes) -> None:
    try:
        value = unpack(task, result)
    except TaskFailed as error:
        waiter.fail(task.index, error)
    else:
        waiter.succeed(task.index, value)
