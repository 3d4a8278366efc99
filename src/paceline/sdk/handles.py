"""What a caller holds of a task: a ``concurrent.futures.Future`` that also knows where its task is."""

import concurrent.futures
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Protocol, TypeVar

from paceline.model.ids import JobId, TaskId
from paceline.model.views import Explanation, LogPage

T = TypeVar("T")
A = TypeVar("A")


class Reader(Protocol):
    """The part of a client that futures need."""

    def logs(self, task: TaskId, *, stream: str = "") -> AsyncIterator[tuple[str, LogPage]]: ...

    def explain(self, task: TaskId) -> Coroutine[None, None, Explanation]: ...


class Job(Protocol):
    """The job that a future's task belongs to, callable from any thread."""

    def number(self) -> JobId:
        """Blocks until the server has given one; raises what it answered instead."""

    def withdraw(self, index: int) -> bool:
        """Cancel the task; whether it had not started."""

    def kill(self, index: int, reason: str) -> None: ...

    def inquire(self, index: int, question: Callable[[Reader, TaskId], Coroutine[None, None, A]]) -> A:
        """Blocks until the client has answered a question about the task."""


class Waiter(Protocol):
    """Whoever waits for outcomes of tasks. Called in the event loop."""

    def begin(self, index: int) -> bool:
        """The task starts. False: it is not waited for any more."""

    def succeed(self, index: int, value: object) -> None: ...

    def fail(self, index: int, error: BaseException) -> None: ...

    def abandon(self, index: int) -> None:
        """Cancel the task if it has not started. From any thread."""


class Future(concurrent.futures.Future[T]):
    """The outcome of a call that runs on the fleet.

    ``result()`` raises the function's own exception, with the remote traceback as its ``__cause__``; ``TaskFailed`` for
    any other end that is no success (timeout, out of memory, lost …); ``CancelledError`` for a cancelled task.
    """

    def __init__(self, job: Job, index: int) -> None:
        super().__init__()
        self._job = job
        self._index = index

    @property
    def task_id(self) -> TaskId:
        """``3.17``, as every command of ``paceline`` takes it. Waits until the server has given the number."""
        return TaskId(self._job.number(), self._index)

    def cancel(self) -> bool:
        """Withdraw the task if it has not started. A running one goes on: see ``kill``."""
        if self.cancelled():
            return True
        if not super().cancel():
            return False
        if self._job.withdraw(self._index):
            self.set_running_or_notify_cancel()  # tells those who wait for any of several
        else:
            self._job.kill(self._index, "")  # it started in this very moment, and nobody waits for it any more
        return True

    def kill(self, reason: str = "") -> None:
        """End the task even if it runs, whole process tree; ``result()`` then raises CancelledError."""
        if not self.cancel():
            self._job.kill(self._index, reason)

    def logs(self, stream: str = "") -> str:
        """What the latest attempt has written so far: to "out", to "err", or both."""
        return self._job.inquire(self._index, lambda reader, task: text_of(reader.logs(task, stream=stream)))

    def explain(self) -> Explanation:
        """Why the task does not run (yet)."""
        return self._job.inquire(self._index, lambda reader, task: reader.explain(task))

    # ── as a Waiter ──────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, index: int) -> bool:
        return self.set_running_or_notify_cancel()

    def succeed(self, index: int, value: T) -> None:
        self.set_result(value)

    def fail(self, index: int, error: BaseException) -> None:
        self.set_exception(error)

    def abandon(self, index: int) -> None:
        self.cancel()


async def text_of(pages: AsyncIterator[tuple[str, LogPage]]) -> str:
    """Pages of output as one text."""
    return b"".join([page.data async for _, page in pages]).decode(errors="replace")
