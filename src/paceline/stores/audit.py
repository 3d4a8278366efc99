"""What becomes a line of the event log: every record that somebody may one day ask about.

A line says who and how many, never the bytes: no payload, result, parameter or environment. Attempts are told a batch
at a time, as columns. Output and progress reports are no lines; they are kept where they are read.
"""

import re
from collections.abc import Mapping
from functools import singledispatch
from typing import TypeAlias

import msgspec

from paceline.model.ids import token_id
from paceline.model.records import (
    AttemptsGranted,
    AttemptsOver,
    CancelKept,
    CheckpointKept,
    CheckpointsDropped,
    JobKept,
    JobOver,
    JobShut,
    LogKept,
    ModelChanged,
    Record,
    Reported,
    TasksKept,
    TokenKept,
    TokenSpent,
    WorkerKept,
)
from paceline.model.views import EventView
from paceline.stores.standing import count_tasks

Line: TypeAlias = tuple[str, Mapping[str, object]]  # subject, body

_encode = msgspec.json.Encoder()


def audited(record: Record) -> bool:
    """Whether the record is a line of the event log."""
    return not isinstance(record, LogKept | Reported)


def event(record: Record, at: float, seq: int = 0) -> EventView:
    """The record as a line. ``at`` is for records that carry no time of their own."""
    subject, body = _line(record)
    text = _encode.encode(body).decode()
    return EventView(seq=seq, at=getattr(record, "at", at), kind=kind(type(record)), subject=subject, body=text)


def kind(record: type[object]) -> str:
    """``AttemptsGranted`` → ``attempts_granted``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record.__name__).lower()


@singledispatch
def _line(record: object) -> Line:
    raise TypeError(f"{type(record).__name__} is no line of the event log")


@_line.register
def _(record: JobKept) -> Line:
    spec = record.spec
    return str(record.job), {
        "name": spec.name,
        "kind": spec.run.kind,
        "owner": spec.owner,
        "by": record.by,
        "experiment": spec.experiment,
        "tasks": count_tasks(spec),
        "open": spec.open,
    }


@_line.register
def _(record: TasksKept) -> Line:
    return str(record.job), {"first": record.first, "count": len(record.payloads)}


@_line.register
def _(record: JobShut) -> Line:
    return str(record.job), {"count": record.count}


@_line.register
def _(record: JobOver) -> Line:
    return str(record.job), {"state": record.state.value, "counts": record.counts}


@_line.register
def _(record: CancelKept) -> Line:
    ranges = [(r.start, r.stop, r.step) for r in record.ranges]
    return str(record.job), {"ranges": ranges, "outcome": record.outcome, "by": record.by, "reason": record.reason}


@_line.register
def _(record: AttemptsGranted) -> Line:
    attempts = record.attempts
    body = {"worker": record.worker, "indexes": list(attempts.indexes), "numbers": list(attempts.numbers)}
    return str(attempts.job), body


@_line.register
def _(record: AttemptsOver) -> Line:
    endings = record.endings
    return str(endings.job), {
        "worker": record.worker,
        "indexes": list(endings.indexes),
        "numbers": list(endings.numbers),
        "outcomes": list(endings.outcomes),
        "codes": list(endings.codes),
        "details": list(endings.details),
        "seconds": list(endings.seconds),
        "retry_at": list(record.retry_at),
    }


@_line.register
def _(record: CheckpointKept) -> Line:
    made = record.checkpoint
    return str(made.attempt.job), {
        "attempt": str(made.attempt),
        "step": made.step,
        "metric": made.metric,
        "files": len(made.files),
        "bytes": sum(file.bytes for file in made.files),
    }


@_line.register
def _(record: CheckpointsDropped) -> Line:
    gone = record.attempts
    body = {"indexes": list(gone.indexes), "numbers": list(gone.numbers), "steps": list(record.steps)}
    return str(gone.job), body


@_line.register
def _(record: WorkerKept) -> Line:
    return record.name, {
        "worker": record.worker,
        "state": record.state,
        "host": record.machine.host,
        "by": record.by,
        "reason": record.reason,
    }


@_line.register
def _(record: TokenKept) -> Line:
    return token_id(record.digest), {
        "role": record.role,
        "name": record.name,
        "expires_at": record.expires_at,
        "worker": record.worker,
        "by": record.by,
    }


@_line.register
def _(record: TokenSpent) -> Line:
    return token_id(record.digest), {"by": record.by, "revoked": record.revoked}


@_line.register
def _(record: ModelChanged) -> Line:
    return record.key, {"name": record.name, "change": record.change, "to": record.to, "by": record.by}
