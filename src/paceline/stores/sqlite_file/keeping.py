"""The keeping process: the only one that writes. A batch is one transaction; all of it is kept, or none.

A batch that cannot be written for want of space (or because a quota, or somebody with a tool of his own, is in the way)
is tried again until it can: what the server decides next will rest on it, so there is nothing else to keep. Any other
error is final, an fsync that failed in particular: the process says why and ends, and a new server starts from what is
on disk.
"""

from collections.abc import Sequence
from functools import singledispatch
from itertools import repeat
from pathlib import Path

import msgspec

from paceline.model.columns import column
from paceline.model.errors import StoreError
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
from paceline.model.task import Outcome
from paceline.stores.audit import audited, event
from paceline.stores.messages import Kept, Ready, Refused, Stuck, decode_records
from paceline.stores.sqlite_file.database import Database, statements
from paceline.stores.sqlite_file.logs import keep_log, open_logs
from paceline.stores.sqlite_file.peer import Peer
from paceline.stores.sqlite_file.schema import migrate, migrations
from paceline.stores.sqlite_file.trouble import Passing, plainly
from paceline.stores.standing import count_tasks

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between two tries to keep a batch; each pause is twice the one before."""

_json = msgspec.json.encode
_pack = msgspec.msgpack.encode


def keep(path: Path, peer: Peer) -> None:
    """Open the store for a new term, then keep every batch that comes, until the server is gone."""
    try:
        keeping = Keeping(path)
        peer.say(Ready(epoch=keeping.epoch))
        while (body := peer.receive()) and _insist(keeping, decode_records(body), peer):
            peer.say(Kept())
        keeping.close()
    except StoreError as error:
        peer.say(Refused(message=error.message, hint=error.hint))


def _insist(keeping: "Keeping", records: Sequence[Record], peer: Peer) -> bool:
    """Keep the batch, however long that takes. False: the server did not wait for it."""
    pause = FIRST_PAUSE
    while True:
        try:
            keeping.commit(records)
        except Passing as trouble:
            peer.say(Stuck(what=trouble.what, cure=trouble.cure))
        else:
            return True
        if peer.gone(pause):
            return False
        pause = min(2 * pause, LONGEST_PAUSE)


class Keeping:
    """The store, open for writing in one term."""

    def __init__(self, path: Path) -> None:
        """Bring the schema up to date and take the next epoch."""
        self._main = Database(path, statements("keep"))
        self._logs = open_logs(path)
        for database, synchronous, folder in (
            (self._main, "FULL", "migrations"),
            (self._logs, "NORMAL", "log_migrations"),
        ):
            migrate(database, migrations(folder))  # first: what is not ours stays as it is
            with plainly(database.path):
                database.write_ahead(synchronous)
        with plainly(path), self._main.transaction():
            self._main.run("take_term")
            self.epoch, self._latest = self._main.run("term").fetchone()

    def commit(self, records: Sequence[Record]) -> None:
        """Keep all of the records, in order, or raise StoreError and keep none. No records: only check the term."""
        if not records:
            self._check_still_ours()
            return
        with plainly(self._main.path), self._main.transaction():
            self._latest = max([self._latest, *(getattr(record, "at", 0.0) for record in records)])
            self._check_term()
            for record in records:
                _apply(record, self._main)
                if audited(record):
                    line = event(record, self._latest)
                    self._main.run("event", at=line.at, kind=line.kind, subject=line.subject, body=line.body)
            self._commit_output([record for record in records if isinstance(record, LogKept)])

    def _check_term(self) -> None:
        if not self._main.run("fence", latest=self._latest, epoch=self.epoch).rowcount:
            self._check_still_ours()

    def _check_still_ours(self) -> None:
        with plainly(self._main.path):
            epoch, _ = self._main.run("term").fetchone()
        if epoch != self.epoch:
            raise StoreError(f"store: another server (epoch {epoch}) has taken over from this one (epoch {self.epoch})")

    def _commit_output(self, records: Sequence[LogKept]) -> None:
        """Before the main transaction ends: output that stays although the rest is refused does no harm."""
        if records:
            with plainly(self._logs.path), self._logs.transaction():
                for record in records:
                    keep_log(self._logs, record)

    def close(self) -> None:
        self._main.close()
        self._logs.close()


@singledispatch
def _apply(record: object, db: Database) -> None:
    raise TypeError(f"{type(record).__name__} cannot be kept")


@_apply.register
def _(record: JobKept, db: Database) -> None:
    spec = record.spec
    db.run(
        "job",
        job=record.job,
        name=spec.name,
        token=record.token,
        digest=record.digest,
        by=record.by,
        at=record.at,
        open=spec.open,
        shut=not spec.open,
        count=count_tasks(spec),
        spec=_json(spec).decode(),
    )


@_apply.register
def _(record: TasksKept, db: Database) -> None:
    count = len(record.payloads)
    db.run("payload", job=record.job, first=record.first, count=count, packed=_pack(record.payloads))
    db.run("append", job=record.job, end=record.first + count)


@_apply.register
def _(record: JobShut, db: Database) -> None:
    db.run("shut", job=record.job, count=record.count)


@_apply.register
def _(record: JobOver, db: Database) -> None:
    db.run("over", job=record.job, at=record.at, state=record.state.value, counts=_json(record.counts).decode())


@_apply.register
def _(record: CancelKept, db: Database) -> None:
    db.run(
        "cancel",
        job=record.job,
        ranges=_json(record.ranges).decode(),
        outcome=record.outcome,
        by=record.by,
        reason=record.reason,
        at=record.at,
    )


@_apply.register
def _(record: AttemptsGranted, db: Database) -> None:
    attempts = record.attempts
    numbers = column(attempts.numbers, len(attempts.indexes), 1)
    rows = zip(repeat(attempts.job), attempts.indexes, numbers, repeat(record.worker), repeat(record.at), strict=False)
    db.many("attempts", rows)


@_apply.register
def _(record: AttemptsOver, db: Database) -> None:
    ends = record.endings
    size = len(ends.indexes)
    rows = zip(
        repeat(ends.job),
        ends.indexes,
        column(ends.numbers, size, 1),
        repeat(record.at),
        column(record.retry_at, size, 0.0),
        column(ends.outcomes, size, Outcome.SUCCEEDED),
        column(ends.codes, size, 0),
        column(ends.seconds, size, 0.0),
        column(ends.details, size, ""),
        column(ends.results, size, b""),
        strict=False,
    )
    db.many("endings", rows)


@_apply.register
def _(record: Reported, db: Database) -> None:
    job, task, number = record.attempt
    db.run("report", job=job, task=task, number=number, step=record.step, values=record.values, at=record.at)


@_apply.register
def _(record: CheckpointKept, db: Database) -> None:
    made = record.checkpoint
    job, task, number = made.attempt
    files = _json(made.files).decode()
    db.run(
        "checkpoint", job=job, task=task, number=number, step=made.step, metric=made.metric, files=files, at=record.at
    )


@_apply.register
def _(record: CheckpointsDropped, db: Database) -> None:
    gone = record.attempts
    numbers = column(gone.numbers, len(gone.indexes), 1)
    db.many("drop_checkpoints", zip(repeat(gone.job), gone.indexes, numbers, record.steps, strict=False))


@_apply.register
def _(record: LogKept, db: Database) -> None:
    """Kept in the other database."""


@_apply.register
def _(record: WorkerKept, db: Database) -> None:
    db.run(
        "worker",
        worker=record.worker,
        name=record.name,
        state=record.state,
        machine=_json(record.machine).decode(),
        at=record.at,
        reason=record.reason,
        by=record.by,
    )


@_apply.register
def _(record: TokenKept, db: Database) -> None:
    db.run(
        "token",
        digest=record.digest,
        role=record.role,
        name=record.name,
        at=record.at,
        expires_at=record.expires_at,
        worker=record.worker,
        by=record.by,
    )


@_apply.register
def _(record: TokenSpent, db: Database) -> None:
    db.run("spend", digest=record.digest, at=record.at)


@_apply.register
def _(record: ModelChanged, db: Database) -> None:
    """The catalogue has it: here it is a line of the event log, and nothing else."""
