"""An open job on the server: any thread adds tasks to it, the event loop carries them there.

Each task gets the next index, a future, and a place in the buffer. The loop empties the buffer onto the session a batch
at a time: however many tasks are added between two of its turns, it is woken once.
"""

import asyncio
import concurrent.futures
import contextlib
import itertools
import secrets
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from paceline.model.columns import Endings
from paceline.model.errors import Conflict, PacelineError
from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Range
from paceline.sdk.blocking import Bridge
from paceline.sdk.handles import Future, Reader, Waiter
from paceline.sdk.outcomes import Outcomes
from paceline.sdk.parcel import cut
from paceline.sdk.series import Series
from paceline.sdk.session import Session
from paceline.sdk.tracing import submission
from paceline.wire.convert import to_wire
from paceline.wire.gen import fleet_pb2 as fleet

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What open jobs share."""

    session: Session
    bridge: Bridge
    reader: Reader


class OpenJob:
    """``handles.Job`` for its futures, ``session.Follower`` for its session."""

    def __init__(self, spec: JobSpec, desk: Desk) -> None:
        with submission([spec]) as traced:  # in the caller's thread, which knows what he is doing
            [self._spec] = traced
        self._desk = desk
        self._lock = threading.RLock()  # an iterator that is collected cancels its calls in whatever thread that is
        self._count = 0
        self._fresh: list[bytes] = []  # payloads of the last tasks, not yet with the session
        self._doomed: list[tuple[int, str]] = []  # tasks to cancel, and why
        self._woken = False
        self.outcomes = Outcomes()
        self._number: concurrent.futures.Future[JobId] = concurrent.futures.Future()
        self.error: PacelineError | None = None  # refused, cancelled as a whole, or cut off: calls need another job
        self._answers: set[asyncio.Future[fleet.Answered]] = set()  # yet to come
        desk.bridge.post(self._begin)

    # ── any thread ───────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, payloads: Sequence[bytes]) -> list[Future[object]]:
        """A further task for each payload, and a future for each task."""
        with self._lock:
            futures = [Future[object](self, index) for index in range(self._count, self._count + len(payloads))]
            self._add(payloads, futures)
        self._wake()
        return futures

    def add_series(self, payloads: Sequence[bytes]) -> Series:
        """The same, for outcomes that will be taken in order."""
        with self._lock:
            series = Series(self, self._count, len(payloads))
            self._add(payloads, itertools.repeat(series, len(payloads)))
        self._wake()
        return series

    def _add(self, payloads: Sequence[bytes], waiters: Iterable[Waiter]) -> None:
        self.outcomes.expect(self._count, waiters)
        self._count += len(payloads)
        self._fresh += payloads

    def withdraw(self, index: int) -> bool:
        early = self.outcomes.withdraw(index)
        if early:
            self.kill(index, "")
        return early

    def kill(self, index: int, reason: str) -> None:
        with self._lock:
            self._doomed.append((index, reason))
        self._wake()

    def number(self) -> JobId:
        return self._number.result()

    def inquire(self, index: int, question: Callable[[Reader, TaskId], Coroutine[None, None, T]]) -> T:
        return self._desk.bridge.run(question(self._desk.reader, TaskId(self.number(), index)))

    def _wake(self) -> None:
        with self._lock:
            if self._woken:
                return
            self._woken = True
        self._desk.bridge.post(self._flush)

    # ── the event loop: towards the server ───────────────────────────────────────────────────────────────────────

    async def shut(self) -> None:
        """Accept no more; return once the server has all there is (or will never have it)."""
        with contextlib.suppress(PacelineError):
            await asyncio.wrap_future(self._number)
        self._flush()
        if self.error is None:
            self._expect(self._desk.session.close_job(self._number.result()))
        if self._answers:
            await asyncio.wait(self._answers)

    def _begin(self) -> None:
        request = fleet.SubmitRequest(specs=[to_wire(self._spec, fleet.JobSpec)], token=secrets.token_hex(16))
        self._desk.session.submit(request).add_done_callback(self._opened)

    def _opened(self, answer: asyncio.Future[fleet.Answered]) -> None:
        error = answer.exception()
        if error is not None:
            self.lost(error if isinstance(error, PacelineError) else PacelineError(str(error)))
            return
        number = JobId(answer.result().jobs[0])
        self._number.set_result(number)
        self._expect(self._desk.session.follow(number, self))
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            self._woken = False
            if not self._number.done():
                return
            first = self._count - len(self._fresh)
            fresh, self._fresh = self._fresh, []
            doomed, self._doomed = self._doomed, []
        if self.error is not None:
            self.outcomes.fail(self.error)
            return
        job, session = self._number.result(), self._desk.session
        for payloads in cut(fresh):
            self._expect(session.append(job, first, payloads))
            first += len(payloads)
        if doomed:
            reasons = dict.fromkeys(reason for _, reason in doomed if reason)
            self._expect(session.cancel(job, ranges([index for index, _ in doomed]), "; ".join(reasons)))
        self.outcomes.count()

    def _expect(self, answer: asyncio.Future[fleet.Answered]) -> None:
        self._answers.add(answer)
        answer.add_done_callback(self._answered)

    def _answered(self, answer: asyncio.Future[fleet.Answered]) -> None:
        self._answers.discard(answer)
        error = None if answer.cancelled() else answer.exception()
        if isinstance(error, PacelineError):
            self.lost(error)

    # ── the event loop: from the server ──────────────────────────────────────────────────────────────────────────

    def started(self, indexes: Sequence[int]) -> None:
        self.outcomes.started(indexes)

    def ended(self, endings: Endings) -> None:
        self.outcomes.ended(endings)

    def over(self, state: str) -> None:
        text = f"job {self._number.result()} is over: {state}"
        self.outcomes.fail(concurrent.futures.CancelledError(text))  # what has no end by now was cancelled unbegun
        self.lost(Conflict(text))

    def lost(self, error: PacelineError) -> None:
        self.error = self.error or error
        if not self._number.done():
            self._number.set_exception(error)
        self.outcomes.fail(self.error)


def ranges(indexes: Sequence[int]) -> list[Range]:
    """The same indexes, neighbours together."""
    found: list[Range] = []
    for index in sorted(set(indexes)):
        if found and found[-1].stop == index:
            found[-1] = Range(start=found[-1].start, stop=index + 1)
        else:
            found.append(Range(start=index, stop=index + 1))
    return found
