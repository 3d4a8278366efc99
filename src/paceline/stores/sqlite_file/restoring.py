"""What a server needs to go on, read once at its start, before its event loop has anything else to do."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from paceline.model.checkpoint import Checkpoint
from paceline.model.file import File
from paceline.model.ids import AttemptId, JobId, WorkerId
from paceline.model.records import AttemptRow, LiveJob, Snapshot, TokenKept, WorkerKept
from paceline.model.worker import Machine, WorkerState
from paceline.stores.sqlite_file.database import Database, statements
from paceline.stores.sqlite_file.rows import cancels, job_kept
from paceline.stores.sqlite_file.trouble import plainly
from paceline.stores.standing import wanted

_machine = msgspec.json.Decoder(Machine)
_files = msgspec.json.Decoder(list[File])
_packed = msgspec.msgpack.Decoder(list[bytes])


def restore(path: Path) -> Snapshot:
    """All jobs that are not over, with all that is known of them. Raises StoreError."""
    db = Database(path, statements("restore"))
    try:
        with plainly(path), db.transaction("BEGIN"):
            db.read_only()
            epoch, now, next_job = db.run("server").fetchone()
            return Snapshot(
                epoch=epoch,
                now=now,
                next_job=next_job,
                jobs=list(_jobs(db)),
                workers=list(_workers(db)),
                tokens=list(_tokens(db, now)),
            )
    finally:
        db.close()


def _jobs(db: Database) -> Iterator[LiveJob]:
    checkpoints = _checkpoints(db)
    for job, at, token, digest, by, is_open, shut, count, spec in db.run("jobs").fetchall():
        kept = job_kept((job, at, token, digest, by), spec)
        attempts, asked = _attempts(db, kept.job), cancels(db, kept.job)
        yield LiveJob(
            kept=kept,
            appended=count if is_open else 0,
            shut=bool(shut),
            payloads=_payloads_of(db, kept.job, wanted(attempts, asked)),
            attempts=attempts,
            cancels=asked,
            checkpoints=checkpoints.get(kept.job, ()),
        )


def _checkpoints(db: Database) -> Mapping[JobId, Sequence[Checkpoint]]:
    found: dict[JobId, list[Checkpoint]] = defaultdict(list)
    for job, task, number, step, metric, files in db.run("checkpoints"):
        attempt = AttemptId(JobId(job), task, number)
        made = Checkpoint(attempt=attempt, step=step, metric=metric, files=_files.decode(files))
        found[attempt.job].append(made)
    return found


def _attempts(db: Database, job: JobId) -> Sequence[AttemptRow]:
    return [
        AttemptRow(
            index=task, number=number, worker=WorkerId(worker), granted_at=at, outcome=outcome, retry_at=retry_at
        )
        for task, number, worker, at, outcome, retry_at in db.run("attempts", job=job)
    ]


def _payloads_of(db: Database, job: JobId, is_wanted: Callable[[int], bool]) -> Mapping[int, bytes]:
    """Chunks of which nothing is wanted any more are not even read."""
    payloads: dict[int, bytes] = {}
    for first, count in db.run("payload_spans", job=job).fetchall():
        indexes = [index for index in range(first, first + count) if is_wanted(index)]
        if indexes:
            packed = _packed.decode(db.run("payload", job=job, first=first).fetchone()[0])
            payloads.update((index, packed[index - first]) for index in indexes)
    return payloads


def _workers(db: Database) -> Iterator[WorkerKept]:
    for worker, name, state, machine, at, reason, by in db.run("workers"):
        yield WorkerKept(
            worker=WorkerId(worker),
            name=name,
            state=WorkerState(state),
            machine=_machine.decode(machine),
            at=at,
            reason=reason,
            by=by,
        )


def _tokens(db: Database, now: float) -> Iterator[TokenKept]:
    for digest, role, name, at, expires_at, worker, by in db.run("tokens", now=now):
        yield TokenKept(
            digest=digest, role=role, name=name, at=at, expires_at=expires_at, worker=WorkerId(worker), by=by
        )
