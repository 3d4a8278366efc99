"""Following what happens: output as it is written, jobs as they move."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field, replace

from paceline.model.ids import AttemptId, JobId, TaskId
from paceline.model.queries import Jobs, Log, Reports, ReportsFrom
from paceline.model.records import JobOver, Record, Reported
from paceline.model.task import FINAL_STATES
from paceline.model.views import JobView, LogPage, ReportView
from paceline.server.fleet import Fleet
from paceline.server.operations import looking

STREAMS = ("out", "err")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Jobs as they stand, and progress reports since the last update."""

    jobs: Sequence[JobView]
    reports: Sequence[ReportView]


async def watch(fleet: Fleet, ids: Sequence[JobId], interval: float) -> AsyncGenerator[Update]:
    """The jobs now, and again whenever they changed (at most every ``interval`` seconds), until all are over."""
    fresh: list[ReportView] = []

    def heard(record: Record) -> None:
        if isinstance(record, Reported):
            fresh.append(_report(record))

    with ExitStack() as stack:
        for job in ids:
            stack.enter_context(fleet.watch.job(job, heard))
        for job in ids:
            fresh += await fleet.store.read(Reports(job=job))
        async with aclosing(standings(fleet, ids, interval)) as rounds:
            async for views in rounds:
                reports, fresh[:] = list(fresh), []
                yield Update(jobs=views, reports=reports)


async def standings(fleet: Fleet, ids: Sequence[JobId], interval: float) -> AsyncGenerator[Sequence[JobView]]:
    """The same without reports: who reads those from the store finds all that came before a job was over."""
    changed = asyncio.Event()

    def freed(record: Record) -> None:
        if isinstance(record, JobOver):
            changed.set()

    with ExitStack() as stack:
        for job in ids:
            stack.enter_context(fleet.watch.job(job, lambda record: changed.set()))
        for job in _before(fleet, ids):
            stack.enter_context(fleet.watch.job(job, freed))
        while True:
            changed.clear()
            views = await looking.jobs(fleet, Jobs(ids=ids, limit=len(ids)))
            yield views
            if all(view.state in FINAL_STATES for view in views):
                return
            await asyncio.sleep(interval)
            await changed.wait()


def _before(fleet: Fleet, ids: Sequence[JobId]) -> set[JobId]:
    """Jobs that they wait for: that these are over is all that is kept of it."""
    live = fleet.cluster.jobs
    return {other for job in ids if job in live for other in live[job].blockers}


async def reports(fleet: Fleet, job: JobId, after: int) -> AsyncGenerator[Sequence[tuple[int, ReportView]]]:
    """All reports of a job that are kept by now, above a number, with theirs: some at a time."""
    while some := await fleet.store.read(ReportsFrom(job=job, after=after)):
        yield some
        after, _ = some[-1]


def _report(record: Reported) -> ReportView:
    job, index, number = record.attempt
    return ReportView(job=job, index=index, attempt=number, step=record.step, values=record.values, at=record.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRequest:
    """Which output. ``number`` 0: of the latest attempt, and of those that follow. ``tail`` below 0: everything.

    Who comes back for all attempts says with which to go on (``begin``), and what he has of each stream (``known``).
    """

    task: TaskId
    number: int = 0
    begin: int = 0  # 0: the latest
    known: Mapping[str, int] = field(default_factory=dict)  # stream → bytes
    stream: str = ""  # empty: both
    offset: int = 0
    follow: bool = False
    tail: int = -1  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """Some output of one attempt."""

    number: int
    stream: str
    page: LogPage


async def logs(fleet: Fleet, request: LogRequest) -> AsyncGenerator[LogPart]:
    """Output so far; with ``follow``, all of it until the task is over, further attempts included."""
    if request.number:
        async for part in _attempt_log(fleet, request, request.number):
            yield part
        return
    changed = asyncio.Event()
    shown = 0
    with fleet.watch.job(request.task.job, lambda record: changed.set()):
        while True:
            changed.clear()
            view = await looking.task(fleet, request.task)
            if view.attempt > shown:
                shown = shown + 1 if shown else min(request.begin or view.attempt, view.attempt)
                async for part in _attempt_log(fleet, request, shown):
                    yield part
                request = replace(request, offset=0, tail=-1, known={})  # further attempts are shown whole
            elif not request.follow or view.state in FINAL_STATES:
                return
            else:
                await changed.wait()


async def _attempt_log(fleet: Fleet, request: LogRequest, number: int) -> AsyncIterator[LogPart]:
    attempt = AttemptId(request.task.job, request.task.index, number)
    streams = [request.stream] if request.stream else list(STREAMS)
    at = {stream: await _first_offset(fleet, attempt, stream, request) for stream in streams}
    ended = asyncio.Event()
    with fleet.watch.log(attempt) as more, fleet.watch.job(attempt.job, lambda record: _wake(ended, more)):
        while True:
            more.clear()
            running = _held(fleet, attempt)
            if not running:
                await fleet.loop.caught_up()  # its last words may be on their way to the store
            for stream in streams:
                async for page in _pages(fleet, attempt, stream, at[stream]):
                    at[stream] = page.start + len(page.data)
                    yield LogPart(number=number, stream=stream, page=page)
            if not request.follow or not running:
                return
            await more.wait()


def _wake(*events: asyncio.Event) -> None:
    for event in events:
        event.set()


def _held(fleet: Fleet, attempt: AttemptId) -> bool:
    """Whether a worker holds it still."""
    job = fleet.cluster.jobs.get(attempt.job)
    live = job.live.get(attempt.index) if job is not None else None
    return live is not None and live.number == attempt.number


async def _first_offset(fleet: Fleet, attempt: AttemptId, stream: str, request: LogRequest) -> int:
    if request.tail < 0:
        return request.known.get(stream, request.offset)
    page = await fleet.store.read(Log(attempt=attempt, stream=stream, offset=0, limit=0))
    return max(request.offset, page.size - request.tail)


async def _pages(fleet: Fleet, attempt: AttemptId, stream: str, offset: int) -> AsyncIterator[LogPage]:
    while True:
        page = await fleet.store.read(Log(attempt=attempt, stream=stream, offset=offset))
        if not page.data:
            return
        yield page
        offset = page.start + len(page.data)
