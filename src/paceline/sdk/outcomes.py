"""The futures of a job's tasks, from the call to the outcome.

*Who takes a future out of ``_pending`` decides its fate*: the event loop when its task starts or ends, or the thread
that cancels it. Taking out of a dict is atomic, so exactly one of them does, and no lock is held while callbacks run.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import CancelledError

from paceline.model.columns import Endings
from paceline.model.errors import TaskFailed
from paceline.model.ids import TaskId
from paceline.model.task import Ending, Outcome
from paceline.sdk.functions import failure, unpack
from paceline.sdk.handles import Future


class Outcomes:
    """``expect``, ``withdraw`` and ``cancel_pending`` from any thread; the rest belongs to the event loop."""

    def __init__(self) -> None:
        self._pending: dict[int, Future[object]] = {}
        self._running: dict[int, Future[object]] = {}
        self._empty = asyncio.Event()

    def expect(self, first: int, futures: Sequence[Future[object]]) -> None:
        """Of tasks ``first``, ``first + 1`` …"""
        self._pending.update(enumerate(futures, first))

    def withdraw(self, index: int) -> None:
        """Its future was cancelled."""
        future = self._pending.pop(index, None)
        if future is not None:
            future.set_running_or_notify_cancel()

    def cancel_pending(self) -> None:
        """Cancel every future whose task has not started."""
        for future in list(self._pending.values()):
            future.cancel()

    def started(self, indexes: Sequence[int]) -> None:
        """Those that start for the first time are running now."""
        for index in indexes:
            future = self._pending.pop(index, None)
            if future is not None and future.set_running_or_notify_cancel():
                self._running[index] = future

    def ended(self, endings: Endings) -> None:
        """Ends of tasks, some perhaps for the second time."""
        self.started(endings.indexes)
        succeeded = not endings.outcomes
        for position, index in enumerate(endings.indexes):
            future = self._running.pop(index, None)
            if future is None:  # cancelled here, or told before
                continue
            task = TaskId(endings.job, index)
            if succeeded:
                _succeed(future, task, endings.results[position])
            else:
                _end(future, task, endings.ending(position))
        self.count()

    def fail(self, error: Exception) -> None:
        """Nothing more will be heard of any of them."""
        self.started(list(self._pending))
        while self._running:
            _, future = self._running.popitem()
            future.set_exception(error)
        self.count()

    async def emptied(self) -> None:
        """Return once every future is done."""
        self.count()
        await self._empty.wait()

    def count(self) -> None:
        """See whether any is left."""
        if self._pending or self._running:
            self._empty.clear()
        else:
            self._empty.set()


def _end(future: Future[object], task: TaskId, ending: Ending) -> None:
    if ending.outcome is Outcome.SUCCEEDED:
        _succeed(future, task, ending.result)
    elif ending.outcome is Outcome.CANCELLED:
        future.set_exception(CancelledError(ending.detail))
    else:
        future.set_exception(failure(task, ending))


def _succeed(future: Future[object], task: TaskId, result: bytes) -> None:
    try:
        value = unpack(task, result)
    except TaskFailed as error:
        future.set_exception(error)
    else:
        future.set_result(value)
