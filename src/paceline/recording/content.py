"""What users' work is about, left out.

The core looks at none of it, so a recording without it replays as well: of payloads, results, parameters and reported
values the length stays, of environments, directories and the texts of errors nothing. Names, labels, reasons and submit
tokens stay: they are what a report speaks of, and some of them decide something.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import singledispatch
from typing import TypeVar

from paceline.model.checkpoint import Checkpoint
from paceline.model.columns import Endings
from paceline.model.decision import Decision, Grant
from paceline.model.events import AttemptsEnded, CheckpointCame, Event, JobsSubmitted, ReportCame, TasksAppended
from paceline.model.job import JobSpec, Spec
from paceline.model.records import AttemptsOver, CheckpointKept, JobKept, LiveJob, Reported, Snapshot, TasksKept

T = TypeVar("T")
Mark = Callable[[bytes], bytes]
"""What stands in the place of a content."""


def length(content: bytes) -> bytes:
    """The mark of a content that is there."""
    return b"%d bytes" % len(content) if content else content


def already(content: bytes) -> bytes:
    """The mark of what is one: of a recording that is played again."""
    return content


def bare_events(events: Sequence[Event]) -> list[Event]:
    """Events without content."""
    return [bare(event, length) for event in events]


def bare_decision(decision: Decision, mark: Mark) -> Decision:
    """A decision without content."""
    return replace(
        decision,
        records=[bare(record, mark) for record in decision.records],
        messages=[(worker, bare(message, mark)) for worker, message in decision.messages],
    )


def bare_snapshot(snapshot: Snapshot) -> Snapshot:
    """A picture without content."""
    return replace(snapshot, jobs=[_live(job) for job in snapshot.jobs])


def without_credentials(snapshot: Snapshot) -> Snapshot:
    """A picture as any recording holds it: nothing is decided by who may log in."""
    return replace(snapshot, tokens=())


def bare(thing: T, mark: Mark) -> T:
    """One event, record or message without content."""
    return _bare(thing, mark)  # type: ignore[return-value]  # each is replaced by one of its own class


@singledispatch
def _bare(thing: object, mark: Mark) -> object:
    """Most have none."""
    return thing


@_bare.register
def _(event: JobsSubmitted, mark: Mark) -> JobsSubmitted:
    payloads = [_all(each, mark) for each in event.payloads]
    return replace(event, specs=[_job(spec, mark) for spec in event.specs], payloads=payloads)


@_bare.register
def _(thing: TasksAppended | TasksKept, mark: Mark) -> TasksAppended | TasksKept:
    return replace(thing, payloads=_all(thing.payloads, mark))


@_bare.register
def _(thing: AttemptsEnded | AttemptsOver, mark: Mark) -> AttemptsEnded | AttemptsOver:
    return replace(thing, endings=_endings(thing.endings, mark))


@_bare.register
def _(thing: ReportCame | Reported, mark: Mark) -> ReportCame | Reported:
    return replace(thing, values=mark(thing.values.encode()).decode())


@_bare.register
def _(thing: CheckpointCame | CheckpointKept, mark: Mark) -> CheckpointCame | CheckpointKept:
    return replace(thing, checkpoint=_nameless(thing.checkpoint))


@_bare.register
def _(record: JobKept, mark: Mark) -> JobKept:
    return replace(record, spec=_job(record.spec, mark))


@_bare.register
def _(message: Grant, mark: Mark) -> Grant:
    return replace(message, spec=_spec(message.spec, mark), payloads=_all(message.payloads, mark))


def _all(contents: Sequence[bytes], mark: Mark) -> list[bytes]:
    return [mark(content) for content in contents]


def _spec(spec: Spec, mark: Mark) -> Spec:
    return replace(spec, body=mark(spec.body), env=(), cwd="")


def _job(spec: JobSpec, mark: Mark) -> JobSpec:
    return replace(spec, run=_spec(spec.run, mark))


def _endings(endings: Endings, mark: Mark) -> Endings:
    """Of the texts nothing stays: into what is said of a poisoned task they are woven."""
    return replace(endings, details=(), results=_all(endings.results, mark))


def _live(job: LiveJob) -> LiveJob:
    payloads = {index: length(payload) for index, payload in job.payloads.items()}
    checkpoints = [_nameless(each) for each in job.checkpoints]
    return replace(job, kept=bare(job.kept, length), payloads=payloads, checkpoints=checkpoints)


def _nameless(checkpoint: Checkpoint) -> Checkpoint:
    return replace(checkpoint, files=())
