"""The reading process: answers queries one after the other, from what is committed, and never holds up a commit."""

from collections.abc import Iterator, Sequence
from functools import singledispatch
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from paceline.model.errors import StoreError
from paceline.model.ids import JobId
from paceline.model.queries import (
    Entries,
    Events,
    JobRow,
    Jobs,
    LatestAttempts,
    Log,
    Reports,
    ReportsFrom,
    Results,
    Submission,
    TaskAttempts,
)
from paceline.model.views import EntryRow, EventView, ReportView, ResultRow, TaskView
from paceline.stores.messages import Refused, decode_query, encode_answer
from paceline.stores.paging import entry_size, event_size, result_size, until_full
from paceline.stores.sqlite_file.database import Database, statements
from paceline.stores.sqlite_file.logs import open_logs, read_log
from paceline.stores.sqlite_file.peer import Peer
from paceline.stores.sqlite_file.rows import cancels, job_kept
from paceline.stores.sqlite_file.trouble import plainly
from paceline.stores.standing import task_state

_packed = msgspec.msgpack.Decoder(list[bytes])
_counts = msgspec.json.Decoder(dict[str, int])
_ENDLESS = 1 << 62


def read(path: Path, peer: Peer) -> None:
    """Answer until the server is gone."""
    reading = Reading(path)
    while body := peer.receive():
        try:
            peer.send(encode_answer(reading.answer(decode_query(body))))
        except StoreError as error:
            peer.say(Refused(message=error.message, hint=error.hint))
    reading.close()


class Reading:
    """The store, open for reading."""

    def __init__(self, path: Path) -> None:
        self._main = Database(path, statements("read"))
        self._logs = open_logs(path)
        self._main.read_only()
        self._logs.read_only()

    def answer(self, query: object) -> object:
        """What the query asks for, as of one moment. Raises StoreError."""
        if isinstance(query, Log):
            with plainly(self._logs.path), self._logs.transaction("BEGIN"):
                return read_log(self._logs, query)
        with plainly(self._main.path), self._main.transaction("BEGIN"):
            return _answer(query, self._main)

    def close(self) -> None:
        self._main.close()
        self._logs.close()


@singledispatch
def _answer(query: object, db: Database) -> object:
    raise TypeError(f"{type(query).__name__} cannot be answered")


@_answer.register
def _(query: Jobs, db: Database) -> list[JobRow]:
    before = query.before or _ENDLESS
    if query.ids:
        ids = msgspec.json.encode(query.ids).decode()
        rows = db.run("jobs_of_ids", ids=ids, name=query.name, before=before, limit=query.limit)
    elif query.name:
        rows = db.run("jobs_of_name", name=query.name, before=before, limit=query.limit)
    else:
        rows = db.run("jobs", before=before, limit=query.limit)
    return [_job_row(db, row) for row in rows.fetchall()]


def _job_row(db: Database, row: tuple[int, float, str, str, str, int, float, str, str, str]) -> JobRow:
    job, at, token, digest, by, count, ended_at, state, counts, spec = row
    return JobRow(
        kept=job_kept((job, at, token, digest, by), spec),
        count=count,
        cancels=cancels(db, JobId(job)),
        ended_at=ended_at,
        state=state,
        counts=_counts.decode(counts) if ended_at else None,
    )


@_answer.register
def _(query: Submission, db: Database) -> list[tuple[JobId, str]]:
    return db.run("submission", token=query.token).fetchall()


@_answer.register
def _(query: LatestAttempts, db: Database) -> list[TaskView]:
    rows = db.run("latest_attempts", job=query.job, after=query.after, limit=query.limit)
    return [_task_view(row) for row in rows]


@_answer.register
def _(query: TaskAttempts, db: Database) -> list[TaskView]:
    job, task = query.task
    return [_task_view(row) for row in db.run("task_attempts", job=job, task=task)]


def _task_view(row: tuple[int, int, int, str, float, str, int, str, float, float, float]) -> TaskView:
    job, index, number, worker, granted_at, outcome, code, detail, ended_at, seconds, retry_at = row
    return TaskView(
        job=job,
        index=index,
        state=task_state(outcome, retry_at),
        attempt=number,
        worker=worker,
        outcome=outcome,
        code=code,
        detail=detail,
        granted_at=granted_at,
        ended_at=ended_at,
        seconds=seconds,
        retry_at=retry_at,
    )


@_answer.register
def _(query: Results, db: Database) -> list[ResultRow]:
    columns = ("index", "number", "outcome", "code", "detail", "result", "seconds")
    rows = db.run("results", job=query.job, after=query.after, limit=query.limit)
    return list(until_full((ResultRow(**dict(zip(columns, row, strict=True))) for row in rows), result_size))


@_answer.register
def _(query: Entries, db: Database) -> list[EntryRow]:
    return list(until_full(islice(_entries(query, db), query.limit), entry_size))


def _entries(query: Entries, db: Database) -> Iterator[EntryRow]:
    for first, packed in db.run("entries", job=query.job, after=query.after):
        for index, payload in enumerate(_packed.decode(packed), first):
            if index > query.after:
                yield EntryRow(index=index, payload=payload)


@_answer.register
def _(query: Reports, db: Database) -> list[ReportView]:
    rows = db.run("reports", job=query.job, index=query.index, limit=query.limit)
    return [_report(row) for row in rows]


@_answer.register
def _(query: ReportsFrom, db: Database) -> list[tuple[int, ReportView]]:
    rows = db.run("reports_from", job=query.job, index=query.index, after=query.after, limit=query.limit)
    return [(number, _report(row)) for number, *row in rows]


def _report(row: Sequence[Any]) -> ReportView:
    job, index, attempt, step, values, at = row
    return ReportView(job=job, index=index, attempt=attempt, step=step, values=values, at=at)


@_answer.register
def _(query: Events, db: Database) -> list[EventView]:
    columns = ("seq", "at", "kind", "subject", "body")
    rows = sorted(_event_rows(query, db), reverse=query.newest)
    views = (EventView(**dict(zip(columns, row, strict=True))) for row in rows[: query.limit])
    return sorted(until_full(views, event_size), key=attrgetter("seq"))


def _event_rows(query: Events, db: Database) -> list[tuple[Any, ...]]:
    """As many of each kind as may be needed of all together; only ``limit`` rows of an index are looked at for each."""
    way = "newest_" if query.newest else ""
    after = max(query.after, db.run("first_event", since=query.since).fetchone()[0] - 1) if query.since else query.after
    if query.subject:
        kinds = msgspec.json.encode(query.kinds).decode()
        about = db.run(f"{way}events_about", subject=query.subject, kinds=kinds, after=after, limit=query.limit)
        return about.fetchall()
    if not query.kinds:
        return db.run(f"{way}events", after=after, limit=query.limit).fetchall()
    found = (db.run(f"{way}events_of_kind", kind=kind, after=after, limit=query.limit) for kind in query.kinds)
    return [row for rows in found for row in rows]
