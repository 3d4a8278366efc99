"""A span for every attempt of a job that belongs to a trace.

The loop pays for noting when attempts were granted, and nothing at all for jobs without a trace; spans are made and
sent by the exporter's own thread. What is noted is found again in the store by a server that starts anew, so that a
span that began under one server is told of by the next.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from paceline.clock import Clock
from paceline.model.columns import Endings, column
from paceline.model.ids import AttemptId, JobId, WorkerId
from paceline.model.job import JobSpec
from paceline.model.records import (
    AttemptsGranted,
    AttemptsOver,
    JobKept,
    JobOver,
    LiveJob,
    Record,
    Snapshot,
    TasksKept,
    WorkerKept,
)
from paceline.model.task import JUDGEMENT, Ending, Outcome
from paceline.telemetry.span import Span, Verdict
from paceline.telemetry.traceparent import Traceparent, of_environment

UNKNOWN = -1.0
"""Seconds that an attempt waited which an earlier server granted, after others of its task."""

Place: TypeAlias = tuple[int, int]
"""Index and number of an attempt."""


class Exporter(Protocol):
    """Who tells a collector (``telemetry/otlp.py``)."""

    def add(self, count: int, recipe: Callable[[], Iterable[Span]]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """``waited``: seconds since it could have been granted."""

    at: float
    waited: float


@dataclass(slots=True, kw_only=True)
class TracedJob:
    """A job that is not over. ``waits_since``: of tasks that have not waited from the submission on."""

    job: JobId
    spec: JobSpec
    trace: Traceparent
    submitted_at: float
    waits_since: dict[int, float] = field(default_factory=dict)
    granted: dict[Place, Grant] = field(default_factory=dict)

    def grant(self, place: Place, at: float) -> None:
        """An attempt exists from here on."""
        waited = at - self.waits_since.pop(place[0], self.submitted_at)
        self.granted[place] = Grant(at=at, waited=max(0.0, waited))


class Tracing:
    """Hears of what is kept."""

    def __init__(self, exporter: Exporter, clock: Clock, snapshot: Snapshot) -> None:
        self._exporter = exporter
        self._clock = clock
        self._workers = {each.worker: each.name for each in snapshot.workers}
        self._jobs: dict[JobId, TracedJob] = {}
        for live in snapshot.jobs:
            self._adopt(live)

    def kept(self, records: Sequence[Record]) -> None:
        """These are durable now."""
        for record in records:
            match record:
                case JobKept():
                    self._submitted(record)
                case WorkerKept():
                    self._workers[record.worker] = record.name
                case TasksKept() if job := self._jobs.get(record.job):
                    if job.spec.open:
                        come = range(record.first, record.first + len(record.payloads))
                        job.waits_since.update(dict.fromkeys(come, self._clock.now()))
                case AttemptsGranted() if job := self._jobs.get(record.attempts.job):
                    for place in _places(record.attempts.indexes, record.attempts.numbers):
                        job.grant(place, record.at)
                case AttemptsOver() if job := self._jobs.get(record.endings.job):
                    self._over(job, record)
                case JobOver():
                    self._jobs.pop(record.job, None)
                case _:
                    pass

    def _submitted(self, kept: JobKept) -> None:
        job = self._follow(kept)
        if job is not None and job.trace.ours:
            self._exporter.add(1, lambda: (_submission(job),))

    def _follow(self, kept: JobKept) -> TracedJob | None:
        trace = of_environment(kept.spec.run.env)
        if trace is None or not trace.sampled:
            return None
        job = TracedJob(job=kept.job, spec=kept.spec, trace=trace, submitted_at=kept.at)
        self._jobs[kept.job] = job
        return job

    def _adopt(self, live: LiveJob) -> None:
        job = self._follow(live.kept)
        for row in live.attempts if job else ():
            assert job is not None
            if row.outcome:
                job.waits_since[row.index] = row.retry_at or row.granted_at
            else:
                waited = row.granted_at - job.submitted_at if row.number == 1 else UNKNOWN
                job.granted[row.index, row.number] = Grant(at=row.granted_at, waited=waited)

    def _over(self, job: TracedJob, over: AttemptsOver) -> None:
        ends = over.endings
        places = _places(ends.indexes, ends.numbers)
        unknown = Grant(at=over.at, waited=UNKNOWN)
        grants = [job.granted.pop(place, unknown) for place in places]
        for place, (index, _), grant in zip(range(len(places)), places, grants, strict=True):
            if over.retry_at and over.retry_at[place]:
                returned = ends.outcomes and ends.outcomes[place] is Outcome.RETURNED
                job.waits_since[index] = grant.at - max(0.0, grant.waited) if returned else over.at
        worker = self._name(over.worker)
        self._exporter.add(len(places), functools.partial(_attempts, job, over, grants, worker))

    def _name(self, worker: WorkerId) -> str:
        return self._workers.get(worker, str(worker))


def _places(indexes: Sequence[int], numbers: Sequence[int]) -> Sequence[Place]:
    return list(zip(indexes, column(numbers, len(indexes), 1), strict=True))


# ── spans, made in the exporter's thread ────────────────────────────────────────────────────────────────────────────


def _submission(job: TracedJob) -> Span:
    at = job.submitted_at
    return Span(
        name=f"submit {job.spec.name}",
        at=job.trace,
        parent="",
        began_at=at,
        ended_at=at,
        kind="producer",
        attributes={"paceline.job": job.job, "paceline.job.name": job.spec.name},
    )


def _attempts(job: TracedJob, over: AttemptsOver, grants: Sequence[Grant], worker: str) -> Iterator[Span]:
    """One for each that began: of what a worker only held and gave back there is nothing to see."""
    ends: Endings = over.endings
    for position, (index, number) in enumerate(_places(ends.indexes, ends.numbers)):
        end, grant = ends.ending(position), grants[position]
        if end.outcome is Outcome.RETURNED:
            continue
        attempt = AttemptId(job.job, index, number)
        verdict = _verdict(end.outcome)
        yield Span(
            name=f"attempt {job.spec.name}",
            at=job.trace.of_attempt(str(attempt)),
            parent=job.trace.span,
            began_at=min(grant.at, over.at - end.seconds),
            ended_at=over.at,
            kind="consumer",
            attributes={**_about(job, attempt), "paceline.worker": worker, **_how(end, grant)},
            verdict=verdict,
            told=_told(end) if verdict is Verdict.ERROR else "",
        )


def _about(job: TracedJob, attempt: AttemptId) -> Mapping[str, str | int]:
    about: dict[str, str | int] = {
        "paceline.job": job.job,
        "paceline.job.name": job.spec.name,
        "paceline.task": str(attempt.task),
        "paceline.attempt": attempt.number,
        "paceline.kind": job.spec.run.kind,
    }
    return about | ({"paceline.experiment": job.spec.experiment} if job.spec.experiment else {})


def _how(end: Ending, grant: Grant) -> Mapping[str, str | int | float]:
    waited = {"paceline.queued_seconds": round(grant.waited, 6)} if grant.waited >= 0 else {}
    return {
        "paceline.outcome": end.outcome.value,
        "process.exit.code": end.code,
        "paceline.run_seconds": end.seconds,
        **waited,
    }


def _verdict(outcome: Outcome) -> Verdict:
    """Nobody's fault is no error."""
    if outcome is Outcome.SUCCEEDED:
        return Verdict.OK
    blameless = JUDGEMENT[outcome].budget == "free" or outcome in (Outcome.CANCELLED, Outcome.DEPENDENCY)
    return Verdict.UNSET if blameless else Verdict.ERROR


def _told(end: Ending) -> str:
    """Not in the program's own words: who knows what is in them."""
    return f"{end.outcome.value}, exit code {end.code}" if end.code else end.outcome.value
