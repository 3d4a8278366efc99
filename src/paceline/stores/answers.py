"""Answers to the questions of ``model/queries.py`` from the memory store's tables."""

from functools import singledispatch
from itertools import islice
from operator import attrgetter
from typing import TypeVar, cast

from paceline.model.ids import JobId
from paceline.model.queries import (
    Entries,
    Events,
    JobRow,
    Jobs,
    LatestAttempts,
    Log,
    Query,
    Reports,
    ReportsFrom,
    Results,
    Submission,
    TaskAttempts,
)
from paceline.model.task import Ending
from paceline.model.views import EntryRow, EventView, LogPage, ReportView, ResultRow, TaskView
from paceline.stores.output import page
from paceline.stores.paging import entry_size, event_size, result_size, until_full
from paceline.stores.standing import task_state
from paceline.stores.tables import Job, Numbered, Tables, stop_of

A = TypeVar("A")


def answer(query: Query[A], tables: Tables) -> A:
    """What the query asks for."""
    return cast(A, _answer(query, tables))


@singledispatch
def _answer(query: object, tables: Tables) -> object:
    raise TypeError(f"{type(query).__name__} cannot be answered")


@_answer.register
def _(query: Jobs, tables: Tables) -> list[JobRow]:
    def fits(job: Job) -> bool:
        number, name = job.kept.job, job.kept.spec.name
        narrowed = not query.ids or number in query.ids
        return narrowed and (not query.before or number < query.before) and query.name in ("", name)

    newest_first = (job for _, job in sorted(tables.jobs.items(), reverse=True) if fits(job))
    return [_job_row(job) for job in islice(newest_first, query.limit)]


def _job_row(job: Job) -> JobRow:
    return JobRow(
        kept=job.kept,
        count=job.count,
        cancels=list(job.cancels),
        ended_at=job.ended_at,
        state=job.state,
        counts=job.counts,
    )


@_answer.register
def _(query: Submission, tables: Tables) -> list[tuple[JobId, str]]:
    kept = (job.kept for _, job in sorted(tables.jobs.items()))
    return [(job.job, job.digest) for job in kept if query.token and job.token == query.token]


@_answer.register
def _(query: LatestAttempts, tables: Tables) -> list[TaskView]:
    latest = {index: number for index, number in sorted(tables.attempts[query.job]) if index > query.after}
    return [_task_view(tables, query.job, key) for key in islice(latest.items(), query.limit)]


@_answer.register
def _(query: TaskAttempts, tables: Tables) -> list[TaskView]:
    job, index = query.task
    return [_task_view(tables, job, key) for key in sorted(tables.attempts[job]) if key[0] == index]


def _task_view(tables: Tables, job: JobId, key: Numbered) -> TaskView:
    granted, ended = tables.attempts[job][key], tables.endings[job].get(key)
    worker = tables.workers.get(granted.worker)
    name = worker.name if worker else ""
    index, number = key
    if ended is None:
        state = task_state("", 0.0)
        return TaskView(job=job, index=index, state=state, attempt=number, worker=name, granted_at=granted.at)
    ending = ended.ending
    return TaskView(
        job=job,
        index=index,
        state=task_state(ending.outcome, ended.retry_at),
        attempt=number,
        worker=name,
        outcome=ending.outcome,
        code=ending.code,
        detail=ending.detail,
        granted_at=granted.at,
        ended_at=ended.at,
        seconds=ending.seconds,
        retry_at=ended.retry_at,
    )


@_answer.register
def _(query: Results, tables: Tables) -> list[ResultRow]:
    final = (key for index, key in sorted(tables.finals[query.job].items()) if index > query.after)
    endings = tables.endings[query.job]
    rows = (_result_row(key, endings[key].ending) for key in islice(final, query.limit))
    return list(until_full(rows, result_size))


@_answer.register
def _(query: Entries, tables: Tables) -> list[EntryRow]:
    rows = (EntryRow(index=i, payload=payload) for i, payload in tables.payloads_of(query.job) if i > query.after)
    return list(until_full(islice(rows, query.limit), entry_size))


def _result_row(key: Numbered, ending: Ending) -> ResultRow:
    index, number = key
    return ResultRow(
        index=index,
        number=number,
        outcome=ending.outcome,
        code=ending.code,
        detail=ending.detail,
        result=ending.result,
        seconds=ending.seconds,
    )


@_answer.register
def _(query: Log, tables: Tables) -> LogPage:
    chunks = tables.output[query.attempt, query.stream]
    return page(query, stop_of(chunks), ((at, data) for at, data in chunks if at + len(data) > query.offset))


@_answer.register
def _(query: Reports, tables: Tables) -> list[ReportView]:
    return [view for _, view in _reports(query, tables)][-query.limit :]


@_answer.register
def _(query: ReportsFrom, tables: Tables) -> list[tuple[int, ReportView]]:
    return [row for row in _reports(query, tables) if row[0] > query.after][: query.limit]


def _reports(query: Reports | ReportsFrom, tables: Tables) -> list[tuple[int, ReportView]]:
    return [row for row in tables.reports[query.job].values() if query.index < 0 or row[1].index == query.index]


@_answer.register
def _(query: Events, tables: Tables) -> list[EventView]:
    lines = reversed(tables.events) if query.newest else iter(tables.events)
    asked = (line for line in lines if _asked(query, line))
    return sorted(until_full(islice(asked, query.limit), event_size), key=attrgetter("seq"))


def _asked(query: Events, line: EventView) -> bool:
    later = line.seq > query.after and line.at >= query.since
    return later and query.subject in ("", line.subject) and (not query.kinds or line.kind in query.kinds)
