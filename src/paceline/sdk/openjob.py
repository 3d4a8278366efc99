"""An open job on the server, and the futures of its tasks.

Any thread adds tasks: each gets the next index, a future, and a place in the buffer. The event loop empties the buffer
onto the session, a batch at a time, and hands ends to the futures as they come in.

*Who takes a future out of ``_pending`` decides its fate*: the loop when its task starts or ends, or the thread that
cancels it. Taking out of a dict is atomic, so exactly one of them does, and no lock is held while callbacks run.
"""

import asyncio
import concurrent.futures
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paceline.model.columns import Endings
from paceline.model.errors import Conflict, PacelineError, TaskFailed
from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Range
from paceline.model.task import Ending, Outcome
from paceline.model.views import Explanation
from paceline.sdk.blocking import Bridge
from paceline.sdk.functions import failure, unpack
from paceline.sdk.handles import Future, Reader, text_of
from paceline.sdk.session import Session
from paceline.wire.convert import to_wire
from paceline.wire.gen import fleet_pb2 as fleet

WORD_TASKS = 2000
WORD_BYTES = 256 << 10
"""An append is cut where either is reached: small enough for workers to begin while the rest is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What open jobs share."""

    session: Session
    bridge: Bridge
    reader: Reader


class OpenJob:
    """Payloads in, outcomes into futures. ``handles.Job`` for its futures, ``session.Follower`` for its session."""

    def __init__(self, spec: JobSpec, desk: Desk) -> None:
        self._spec = spec
        self._desk = desk
        self._lock = threading.Lock()  # guards the next five
        self._count = 0
        self._fresh: list[bytes] = []  # payloads of the last tasks, not yet with the session
        self._doomed: list[int] = []  # indexes of tasks to cancel
        self._reasons: list[str] = []
        self._woken = False
        self._pending: dict[int, Future[object]] = {}
        self._running: dict[int, Future[object]] = {}
        self._number: concurrent.futures.Future[JobId] = concurrent.futures.Future()
        self._error: PacelineError | None = None  # no task can be added any more
        self._answers: set[asyncio.Future[fleet.Answered]] = set()
        self._empty = asyncio.Event()
        desk.bridge.post(self._begin)

    # ── any thread ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def broken(self) -> bool:
        """Refused, cancelled as a whole, or cut off: calls need another job."""
        return self._error is not None

    def add(self, payloads: Sequence[bytes]) -> list[Future[object]]:
        """A further task for each payload."""
        with self._lock:
            first = self._count
            self._count += len(payloads)
            futures = [Future[object](self, index) for index in range(first, self._count)]
            self._pending.update(zip(range(first, self._count), futures, strict=True))
            self._fresh += payloads
        self._wake()
        return futures

    def withdraw(self, index: int) -> None:
        future = self._pending.pop(index, None)
        if future is not None:
            future.set_running_or_notify_cancel()
        self.kill(index, "")

    def kill(self, index: int, reason: str) -> None:
        with self._lock:
            self._doomed.append(index)
            self._reasons += [reason] if reason else []
        self._wake()

    def cancel_pending(self) -> None:
        """Cancel every task that has not started."""
        for future in list(self._pending.values()):
            future.cancel()

    def number(self) -> JobId:
        return self._number.result()

    def read_logs(self, index: int, stream: str) -> str:
        pages = self._desk.reader.logs(TaskId(self.number(), index), stream=stream)
        return self._desk.bridge.run(text_of(pages))

    def explain(self, index: int) -> Explanation:
        return self._desk.bridge.run(self._desk.reader.explain(TaskId(self.number(), index)))

    def _wake(self) -> None:
        with self._lock:
            if self._woken:
                return
            self._woken = True
        self._desk.bridge.post(self._flush)

    # ── the event loop: towards the server ───────────────────────────────────────────────────────────────────────

    async def shut(self) -> None:
        """Accept no more; return once the server has all there is (or will never have it)."""
        await asyncio.wait([asyncio.wrap_future(self._number)])
        self._flush()
        if not self.broken:
            self._expect(self._desk.session.close_job(self._number.result()))
        if self._answers:
            await asyncio.wait(self._answers)

    async def emptied(self) -> None:
        """Return once every task's future is done. Only after ``shut``."""
        self._check_empty()
        await self._empty.wait()

    def _begin(self) -> None:
        request = fleet.SubmitRequest(specs=[to_wire(self._spec, fleet.JobSpec)], token=secrets.token_hex(16))
        self._desk.session.submit(request).add_done_callback(self._opened)

    def _opened(self, answer: asyncio.Future[fleet.Answered]) -> None:
        error = answer.exception()
        if error is not None:
            self._break(error if isinstance(error, PacelineError) else PacelineError(str(error)))
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
            reasons, self._reasons = self._reasons, []
        if self._error is not None:
            self._fail(self._error)
            return
        job, session = self._number.result(), self._desk.session
        for payloads in cut(fresh):
            self._expect(session.append(job, first, payloads))
            first += len(payloads)
        if doomed:
            self._expect(session.cancel(job, ranges(doomed), "; ".join(dict.fromkeys(reasons))))
        self._check_empty()

    def _expect(self, answer: asyncio.Future[fleet.Answered]) -> None:
        self._answers.add(answer)
        answer.add_done_callback(self._answered)

    def _answered(self, answer: asyncio.Future[fleet.Answered]) -> None:
        self._answers.discard(answer)
        error = None if answer.cancelled() else answer.exception()
        if isinstance(error, PacelineError):
            self._break(error)

    # ── the event loop: from the server ──────────────────────────────────────────────────────────────────────────

    def started(self, indexes: Sequence[int]) -> None:
        for index in indexes:
            future = self._pending.pop(index, None)
            if future is not None and future.set_running_or_notify_cancel():
                self._running[index] = future

    def ended(self, endings: Endings) -> None:
        self.started(endings.indexes)
        succeeded = not endings.outcomes
        for position, index in enumerate(endings.indexes):
            future = self._running.pop(index, None)
            if future is None:  # cancelled here, or told a second time
                continue
            if succeeded:
                self._succeed(future, index, endings.results[position])
            else:
                self._end(future, index, endings.ending(position))
        self._check_empty()

    def over(self, state: str) -> None:
        self._break(Conflict(f"job {self._number.result()} is over: {state}"))

    def lost(self, error: PacelineError) -> None:
        self._break(error)

    def _end(self, future: Future[object], index: int, ending: Ending) -> None:
        if ending.outcome is Outcome.SUCCEEDED:
            self._succeed(future, index, ending.result)
        elif ending.outcome is Outcome.CANCELLED:
            future.set_exception(concurrent.futures.CancelledError(ending.detail))
        else:
            future.set_exception(failure(TaskId(self._number.result(), index), ending))

    def _succeed(self, future: Future[object], index: int, result: bytes) -> None:
        try:
            value = unpack(TaskId(self._number.result(), index), result)
        except TaskFailed as error:
            future.set_exception(error)
        else:
            future.set_result(value)

    def _break(self, error: PacelineError) -> None:
        self._error = self._error or error
        if not self._number.done():
            self._number.set_exception(error)
        self._fail(self._error)

    def _fail(self, error: PacelineError) -> None:
        self.started(list(self._pending))
        while self._running:
            _, future = self._running.popitem()
            future.set_exception(error)
        self._check_empty()

    def _check_empty(self) -> None:
        if not self._pending and not self._running:
            self._empty.set()
        else:
            self._empty.clear()


def cut(payloads: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Slices of a size that suits one word."""
    start = size = 0
    for position, payload in enumerate(payloads):
        if position > start and (position - start >= WORD_TASKS or size + len(payload) > WORD_BYTES):
            yield payloads[start:position]
            start, size = position, 0
        size += len(payload)
    if start < len(payloads):
        yield payloads[start:]


def ranges(indexes: Sequence[int]) -> list[Range]:
    """The same indexes, neighbours together."""
    found: list[Range] = []
    for index in sorted(set(indexes)):
        if found and found[-1].stop == index:
            found[-1] = Range(start=found[-1].start, stop=index + 1)
        else:
            found.append(Range(start=index, stop=index + 1))
    return found
