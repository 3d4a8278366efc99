"""Rows as Python values: what the memory store keeps, shaped like the tables of a database."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import TypeAlias

from paceline.model.checkpoint import Checkpoint
from paceline.model.columns import column
from paceline.model.ids import AttemptId, JobId, WorkerId
from paceline.model.records import (
    AttemptRow,
    AttemptsGranted,
    AttemptsOver,
    CancelKept,
    CheckpointKept,
    CheckpointsDropped,
    JobKept,
    JobOver,
    JobShut,
    LiveJob,
    LogKept,
    ModelChanged,
    Record,
    Reported,
    Snapshot,
    TasksKept,
    TokenKept,
    TokenSpent,
    WorkerKept,
)
from paceline.model.task import Ending
from paceline.model.views import EventView, ReportView
from paceline.stores.audit import audited, event
from paceline.stores.output import HEAD, TAIL, unseen
from paceline.stores.standing import count_tasks, wanted

Numbered: TypeAlias = tuple[int, int]  # index, number of an attempt
Stepped: TypeAlias = tuple[int, int, int]  # and a step of it


@dataclass(slots=True, kw_only=True)
class Job:
    """A job, and all that hangs on it."""

    kept: JobKept
    count: int
    shut: bool
    ended_at: float = 0.0
    state: str = ""
    counts: Mapping[str, int] | None = None
    cancels: list[CancelKept] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """An attempt."""

    worker: WorkerId
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Its end."""

    ending: Ending
    at: float
    retry_at: float


@dataclass(slots=True)
class Tables:
    """Everything. Whatever holds it may be opened again and again."""

    epoch: int = 0
    latest: float = 0.0
    jobs: dict[JobId, Job] = field(default_factory=dict)
    payloads: dict[JobId, dict[int, Sequence[bytes]]] = field(default_factory=lambda: defaultdict(dict))
    attempts: dict[JobId, dict[Numbered, Granted]] = field(default_factory=lambda: defaultdict(dict))
    endings: dict[JobId, dict[Numbered, Ended]] = field(default_factory=lambda: defaultdict(dict))
    finals: dict[JobId, dict[int, Numbered]] = field(default_factory=lambda: defaultdict(dict))
    reports: dict[JobId, dict[Stepped, tuple[int, ReportView]]] = field(default_factory=lambda: defaultdict(dict))
    reported: int = 0  # reports that ever came, which is the number of the last one
    checkpoints: dict[JobId, dict[Stepped, Checkpoint]] = field(default_factory=lambda: defaultdict(dict))
    output: dict[tuple[AttemptId, str], list[tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(list))
    workers: dict[WorkerId, WorkerKept] = field(default_factory=dict)
    tokens: dict[str, TokenKept] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    events: list[EventView] = field(default_factory=list)

    def keep(self, records: Sequence[Record]) -> None:
        """Apply them in order."""
        self.latest = max([self.latest, *(getattr(record, "at", 0.0) for record in records)])
        for record in records:
            _apply(record, self)
            if audited(record):
                self.events.append(event(record, self.latest, len(self.events) + 1))

    def twice(self, records: Sequence[Record]) -> str:
        """The first thing that would be there twice, in words; empty: there is none."""
        seen: set[str] = set()
        for record in records:
            for name, is_there in _names(record, self):
                if is_there or name in seen:
                    return name
                seen.add(name)
        return ""

    def attempt_rows(self, job: JobId) -> list[AttemptRow]:
        """All attempts of a job in order of index, number."""
        return [
            AttemptRow(
                index=index,
                number=number,
                worker=granted.worker,
                granted_at=granted.at,
                outcome=ended.ending.outcome if ended else "",
                retry_at=ended.retry_at if ended else 0.0,
            )
            for (index, number), granted in sorted(self.attempts[job].items(), key=lambda item: item[0])
            for ended in [self.endings[job].get((index, number))]
        ]

    def snapshot(self) -> Snapshot:
        """What a server needs to go on."""
        return Snapshot(
            epoch=self.epoch,
            now=self.latest,
            next_job=max(self.jobs, default=0) + 1,
            jobs=[self._live(job) for _, job in sorted(self.jobs.items()) if not job.ended_at],
            workers=[worker for _, worker in sorted(self.workers.items())],
            tokens=[token for token in self.tokens.values() if self._good(token)],
        )

    def _live(self, job: Job) -> LiveJob:
        attempts = self.attempt_rows(job.kept.job)
        is_wanted = wanted(attempts, job.cancels)
        return LiveJob(
            kept=job.kept,
            appended=job.count if job.kept.spec.open else 0,
            shut=job.shut,
            payloads={index: payload for index, payload in self.payloads_of(job.kept.job) if is_wanted(index)},
            attempts=attempts,
            cancels=list(job.cancels),
            checkpoints=list(self.checkpoints[job.kept.job].values()),
        )

    def payloads_of(self, job: JobId) -> Iterator[tuple[int, bytes]]:
        """By index."""
        for first, payloads in sorted(self.payloads[job].items()):
            yield from enumerate(payloads, first)

    def _good(self, token: TokenKept) -> bool:
        return token.digest not in self.spent and not 0 < token.expires_at <= self.latest


def _names(record: Record, tables: Tables) -> Iterator[tuple[str, bool]]:
    """What a record brings that may exist only once, each with whether it does."""
    match record:
        case JobKept(job=job):
            yield f"job {job}", job in tables.jobs
        case TasksKept(job=job, first=first):
            yield f"payloads of job {job} from {first} on", first in tables.payloads[job]
        case AttemptsGranted(attempts=attempts):
            there = tables.attempts[attempts.job]
            numbers = column(attempts.numbers, len(attempts.indexes), 1)
            for index, number in zip(attempts.indexes, numbers, strict=True):
                yield str(AttemptId(attempts.job, index, number)), (index, number) in there
        case _:
            return


@singledispatch
def _apply(record: object, tables: Tables) -> None:
    raise TypeError(f"{type(record).__name__} cannot be kept")


@_apply.register
def _(record: JobKept, tables: Tables) -> None:
    spec = record.spec
    tables.jobs[record.job] = Job(kept=record, count=count_tasks(spec), shut=not spec.open)


@_apply.register
def _(record: TasksKept, tables: Tables) -> None:
    tables.payloads[record.job][record.first] = tuple(record.payloads)
    job = tables.jobs.get(record.job)
    if job is not None and job.kept.spec.open:
        job.count = max(job.count, record.first + len(record.payloads))


@_apply.register
def _(record: JobShut, tables: Tables) -> None:
    if record.job in tables.jobs:
        tables.jobs[record.job].shut = True
        tables.jobs[record.job].count = record.count


@_apply.register
def _(record: JobOver, tables: Tables) -> None:
    job = tables.jobs.get(record.job)
    if job is not None and not job.ended_at:
        job.ended_at = record.at
        job.state = record.state.value
        job.counts = dict(record.counts)


@_apply.register
def _(record: CancelKept, tables: Tables) -> None:
    if record.job in tables.jobs:
        tables.jobs[record.job].cancels.append(record)


@_apply.register
def _(record: AttemptsGranted, tables: Tables) -> None:
    attempts = record.attempts
    granted = Granted(worker=record.worker, at=record.at)
    numbers = column(attempts.numbers, len(attempts.indexes), 1)
    tables.attempts[attempts.job].update(
        ((index, number), granted) for index, number in zip(attempts.indexes, numbers, strict=True)
    )


@_apply.register
def _(record: AttemptsOver, tables: Tables) -> None:
    """The first end of an attempt, and the first final end of a task, stands; a stale one changes nothing."""
    ends = record.endings
    endings, finals = tables.endings[ends.job], tables.finals[ends.job]
    size = len(ends.indexes)
    numbers, retries = column(ends.numbers, size, 1), column(record.retry_at, size, 0.0)
    for position, key in enumerate(zip(ends.indexes, numbers, strict=True)):
        retry_at = retries[position]
        if key in endings or (not retry_at and key[0] in finals):
            continue
        endings[key] = Ended(ending=ends.ending(position), at=record.at, retry_at=retry_at)
        if not retry_at:
            finals[key[0]] = key


@_apply.register
def _(record: Reported, tables: Tables) -> None:
    job, index, number = record.attempt
    reports = tables.reports[job]
    reports.pop((index, number, record.step), None)  # so that it comes last
    view = ReportView(job=job, index=index, attempt=number, step=record.step, values=record.values, at=record.at)
    tables.reported += 1
    reports[index, number, record.step] = (tables.reported, view)


@_apply.register
def _(record: CheckpointKept, tables: Tables) -> None:
    job, index, number = record.checkpoint.attempt
    made = tables.checkpoints[job]
    made.pop((index, number, record.checkpoint.step), None)  # so that it comes last
    made[index, number, record.checkpoint.step] = record.checkpoint


@_apply.register
def _(record: CheckpointsDropped, tables: Tables) -> None:
    gone = record.attempts
    for key in zip(gone.indexes, column(gone.numbers, len(gone.indexes), 1), record.steps, strict=True):
        tables.checkpoints[gone.job].pop(key, None)


@_apply.register
def _(record: LogKept, tables: Tables) -> None:
    chunks = tables.output[record.attempt, record.stream]
    start, data = unseen(stop_of(chunks), record.offset, record.data)
    if data:
        chunks.append((start, data))
        tail = start + len(data) - TAIL
        chunks[:] = [(at, piece) for at, piece in chunks if at < HEAD or at + len(piece) > tail]


@_apply.register
def _(record: WorkerKept, tables: Tables) -> None:
    tables.workers[record.worker] = record


@_apply.register
def _(record: TokenKept, tables: Tables) -> None:
    tables.tokens.pop(record.digest, None)
    tables.spent.pop(record.digest, None)
    tables.tokens[record.digest] = record


@_apply.register
def _(record: TokenSpent, tables: Tables) -> None:
    tables.spent.setdefault(record.digest, record.at)


@_apply.register
def _(record: ModelChanged, tables: Tables) -> None:
    """The catalogue has it: here it is a line of the event log, and nothing else."""


def stop_of(chunks: Sequence[tuple[int, bytes]]) -> int:
    """Bytes of a stream so far."""
    return chunks[-1][0] + len(chunks[-1][1]) if chunks else 0
