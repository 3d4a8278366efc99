"""What is said to a worker that calls, until it asks for it.

A grant waits here to be fetched. One that is not fetched within a beat goes back, for others may be free, and the
worker is given nothing new until it asks again: who is alive but does not ask must not hold up what others could run.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from paceline.clock import Clock
from paceline.model.columns import Attempts, Endings, column
from paceline.model.decision import BeatHeard, Drain, Drop, Grant, Message, Settled, Stop, Welcome
from paceline.model.events import AttemptsEnded, DrainAsked, Event, WorkerBeat
from paceline.model.ids import AttemptId, Incarnation, JobId, WorkerId
from paceline.model.task import Outcome
from paceline.server.alarm import NEVER, Alarm
from paceline.wire.gen import worker_pb2 as pb

MISSING = 2
"""Lists in a row that do not name a task which was handed out: it never arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One attempt that waits to be fetched."""

    attempt: AttemptId
    grant: Grant
    payload: bytes
    came_at: float


@dataclass(slots=True, kw_only=True)
class Handed:
    """An attempt that the worker has, as far as we know. ``written``: bytes of its output, by stream, where known."""

    since: float  # steady
    written: dict[str, int] = field(default_factory=dict)
    missed: int = 0  # lists in a row that did not name it


class Mailbox:
    """Of one registration. ``post``: where events go."""

    def __init__(
        self, number: int, incarnation: Incarnation, worker: WorkerId, clock: Clock, post: Callable[[Event], None]
    ) -> None:
        self.number = number
        self.incarnation = incarnation
        self.worker = worker
        self.terms = Welcome(worker=worker, beat=0.0, lease=0.0)  # until it is welcomed
        self.waiting: dict[AttemptId, Parcel] = {}
        self.handed: dict[AttemptId, Handed] = {}
        self.dropped: list[AttemptId] = []
        self.interrupted: set[AttemptId] = set()  # handed out, and to be ended to go on elsewhere
        self.untold = False  # something is to be ended, and no answer has said so yet
        self.paused = False  # it is given nothing, by its own wish or because it does not ask
        self.closed = False
        self.beats = 0  # that were heard
        self.metrics = pb.WorkerMetrics()
        self._clock = clock
        self._post = post
        self._welcomed = False
        self._news = asyncio.Event()
        self._alarm = Alarm(clock, self.give_back_old)

    # ── what the core says ──────────────────────────────────────────────────────────────────────────────────────────

    def send(self, message: Message) -> None:
        """Take it in, unless it was meant for an earlier registration."""
        if isinstance(message, Welcome):
            self._welcomed = message.link == self.number
            self.terms = message
        if self._welcomed:
            self._take_in(message)
            self._tell()

    def _take_in(self, message: Message) -> None:
        match message:
            case Grant():
                self._lay_down(message)
            case Stop(attempts=attempts):
                self._end([a for a in each(attempts) if a in self.waiting], Outcome.CANCELLED, message.reason)
                self.untold = True
            case Drop(attempts=attempts):
                self.dropped += each(attempts)
                self.forget(each(attempts))
            case Settled(attempts=attempts):
                self.forget(each(attempts))
            case Drain():
                self._drain(message)
            case BeatHeard():
                self.beats += 1
            case Welcome():
                pass

    def _lay_down(self, grant: Grant) -> None:
        now = self._clock.now()
        attempts = each(grant.attempts)
        for attempt, payload in zip(attempts, column(grant.payloads, len(attempts), b""), strict=True):
            self.waiting[attempt] = Parcel(attempt=attempt, grant=grant, payload=payload, came_at=now)
        self._alarm.set(self._due())

    def _drain(self, drain: Drain) -> None:
        if not drain.resume:
            self._end(self.waiting, Outcome.RETURNED, "the worker is drained")
        if drain.now:
            self.interrupted |= self.handed.keys()
        self.untold = self.untold or drain.now or not (drain.resume or self.paused)

    def forget(self, attempts: Iterable[AttemptId]) -> None:
        """They are not the worker's any more."""
        for attempt in attempts:
            self.waiting.pop(attempt, None)
            self.handed.pop(attempt, None)
            self.interrupted.discard(attempt)

    # ── what the worker asks ────────────────────────────────────────────────────────────────────────────────────────

    async def until(self, condition: Callable[[], object], seconds: float) -> None:
        """Wait for it, but no longer than that, nor beyond the end of this registration."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (self.closed or condition()):
                    await self._news.wait()

    async def beat(self, patience: float) -> bool:
        """Say that the worker is alive. False: nobody could take note of it in time."""
        before = self.beats
        self._post(WorkerBeat(worker=self.worker, incarnation=self.incarnation))
        await self.until(lambda: self.beats > before, patience)
        return self.beats > before

    def fetch(self, most: int, size: int) -> list[Parcel]:
        """At most so many of those that wait, with at most so many bytes unless a single one has more."""
        taken: list[Parcel] = []
        for parcel in list(self.waiting.values())[:most]:
            size -= len(parcel.payload) + len(parcel.grant.spec.body) * 2 + 4096
            if taken and size < 0:
                break
            del self.waiting[parcel.attempt]
            self.handed[parcel.attempt] = Handed(since=self._clock.steady(), written={"out": 0, "err": 0})
            taken.append(parcel)
        self._alarm.set(self._due())
        return taken

    def compare(self, listed: frozenset[AttemptId]) -> Sequence[AttemptId]:
        """The worker says all it has; returns what of that is not its own.

        What it was handed and does not name, here and the last time, got lost on the way: it goes back.
        """
        lost = []
        for attempt, handed in self.handed.items():
            handed.missed = 0 if attempt in listed else handed.missed + 1
            if handed.missed >= MISSING:
                lost.append(attempt)
        self._end(lost, Outcome.RETURNED, "it was handed out, but did not arrive")
        return sorted(listed - self.handed.keys())

    # ── nothing new ─────────────────────────────────────────────────────────────────────────────────────────────────

    def pause(self, reason: str) -> None:
        """Give the worker nothing until it resumes; what waits goes back."""
        self._end(self.waiting, Outcome.RETURNED, reason)
        if not self.paused:
            self.paused = True
            self._post(DrainAsked(worker=self.worker, own=True, reason=reason))

    def resume(self) -> None:
        """It may be given something again."""
        if self.paused:
            self.paused = False
            self._post(DrainAsked(worker=self.worker, own=True, resume=True))

    def give_back_old(self) -> None:
        """Pause, if the worker has not fetched what has waited for a beat."""
        if self._due() <= self._clock.now():
            self.pause("does not ask for tasks")
        self._alarm.set(self._due())

    def close(self) -> None:
        """This registration is over."""
        self.closed = True
        self._alarm.set(NEVER)
        self._tell()

    def _due(self) -> float:
        oldest = next(iter(self.waiting.values()), None)
        return oldest.came_at + self.terms.beat if oldest else NEVER

    def _end(self, attempts: Iterable[AttemptId], outcome: Outcome, why: str) -> None:
        """Report the end of these in the worker's place."""
        named = list(attempts)
        for endings in alike(named, outcome, why):
            self._post(AttemptsEnded(worker=self.worker, endings=endings))
        self.forget(named)

    def _tell(self) -> None:
        """Wake everybody who waits for anything."""
        self._news.set()
        self._news.clear()


def each(attempts: Attempts) -> list[AttemptId]:
    """One by one."""
    numbers = column(attempts.numbers, len(attempts.indexes), 1)
    return [AttemptId(attempts.job, *pair) for pair in zip(attempts.indexes, numbers, strict=True)]


def by_job(attempts: Iterable[AttemptId]) -> Iterator[Attempts]:
    """The other way round."""
    jobs: dict[JobId, list[AttemptId]] = {}
    for attempt in attempts:
        jobs.setdefault(attempt.job, []).append(attempt)
    for job, group in jobs.items():
        yield Attempts(job=job, indexes=[a.index for a in group], numbers=[a.number for a in group])


def alike(attempts: Iterable[AttemptId], outcome: Outcome, why: str) -> Iterator[Endings]:
    """The same end for all of them."""
    for group in by_job(attempts):
        count = len(group.indexes)
        yield Endings(
            job=group.job,
            indexes=group.indexes,
            numbers=group.numbers,
            outcomes=[outcome] * count,
            details=[why] * count,
        )
