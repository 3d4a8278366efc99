"""Looking at jobs and tasks: what is kept, with what is happening laid over it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice

from paceline.core.explain import explain_task
from paceline.core.indexes import covers, spans
from paceline.core.views import array_text, job_view, task_state
from paceline.model.checkpoint import Checkpoint
from paceline.model.errors import NotFound
from paceline.model.ids import JobId, TaskId
from paceline.model.job import Range
from paceline.model.queries import Entries, JobRow, Jobs, LatestAttempts, Results, TaskAttempts
from paceline.model.records import CancelKept
from paceline.model.task import FINAL_STATES, TaskState
from paceline.model.views import Cause, CheckpointView, EntryRow, Explanation, JobView, ResultRow, TaskView
from paceline.server.fleet import Fleet

PAGE = 1000


async def jobs(fleet: Fleet, query: Jobs) -> list[JobView]:
    """Jobs, newest first."""
    rows = await _rows(fleet, query)
    return [job_view(live) if (live := fleet.cluster.jobs.get(row.kept.job)) else ended_view(row) for row in rows]


async def _rows(fleet: Fleet, query: Jobs) -> Sequence[JobRow]:
    """Rows that agree with the picture: each job is there, or its row says how it ended."""
    while True:
        rows = await fleet.store.read(query)
        if fleet.loop.hold.trouble or all(row.ended_at or row.kept.job in fleet.cluster.jobs for row in rows):
            return rows
        await fleet.loop.caught_up()  # one is over in the picture, and that is being kept this very moment


def ended_view(row: JobRow) -> JobView:
    """A job that is over, from what is kept of it."""
    counts = row.counts or {}
    spec = row.kept.spec
    return JobView(
        job=row.kept.job,
        name=spec.name,
        kind=spec.run.kind,
        state=row.state,
        total=row.count,
        waiting=0,
        running=0,
        succeeded=counts.get("SUCCEEDED", 0),
        failed=counts.get("FAILED", 0),
        cancelled=counts.get("CANCELLED", 0),
        submitted_at=row.kept.at,
        ended_at=row.ended_at,
        array=array_text(spec.ranges, spec.limit),
        priority=spec.priority,
        after=spec.after,
        owner=spec.owner,
        experiment=spec.experiment,
        reason=row.cancels[-1].reason if row.cancels else "",
    )


async def row_of(fleet: Fleet, job: JobId) -> JobRow:
    """A job as kept, or as it stands if that is known to be kept. Raises NotFound."""
    live = fleet.cluster.jobs.get(job)
    if live is not None and job <= fleet.kept_jobs.newest:
        return JobRow(kept=live.kept, count=live.total, cancels=tuple(live.cancels))
    rows = await _rows(fleet, Jobs(ids=(job,), limit=1))
    if not rows:
        raise NotFound(f"there is no job {job}", hint="`paceline ps --all` lists them")
    return rows[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """Which tasks of a job to show. Empty ranges: all; empty states: any."""

    job: JobId
    ranges: Sequence[Range] = ()
    states: Sequence[str] = ()
    after: int = -1
    limit: int = PAGE


async def tasks(fleet: Fleet, page: TaskPage) -> list[TaskView]:
    """Tasks by index, whether or not they ever had an attempt."""
    row = await row_of(fleet, page.job)
    found: list[TaskView] = []
    indexes = indexes_of(row, page)
    while len(found) < page.limit and (chunk := list(islice(indexes, PAGE))):
        views = await views_of(fleet, row, chunk)
        found += [view for view in views if not page.states or view.state in page.states]
    return found[: page.limit]


def indexes_of(row: JobRow, page: TaskPage) -> Iterator[int]:
    """Those of the page and of all that follow."""
    later = (span[_skip(span, page.after) :] for span in _spans(row))
    return (index for index in merge(*later) if covers(page.ranges, index))


def _spans(row: JobRow) -> Sequence[range]:
    spec = row.kept.spec
    return [range(row.count)] if spec.open else spans(spec.ranges)


def _skip(span: range, after: int) -> int:
    """How many of the span's indexes are not above ``after``."""
    return min(len(span), max(0, (after - span.start) // span.step + 1))


async def views_of(fleet: Fleet, row: JobRow, indexes: Sequence[int]) -> list[TaskView]:
    """Tasks of a job, by ascending indexes that it has."""
    job = row.kept.job
    latest: dict[int, TaskView] = {}
    after = indexes[0] - 1
    while after < indexes[-1]:
        most = min(PAGE, indexes[-1] - after)
        part = await fleet.store.read(LatestAttempts(job=job, after=after, limit=most))
        latest.update((view.index, view) for view in part)
        after = part[-1].index if len(part) == most else indexes[-1]
    return [_task(fleet, row, latest.get(index, TaskView(job=job, index=index, state=""))) for index in indexes]


def _task(fleet: Fleet, row: JobRow, kept: TaskView) -> TaskView:
    """A task's latest attempt as kept, under the state in which it is now."""
    live = fleet.cluster.jobs.get(row.kept.job)
    state = task_state(live, kept.index) if live is not None else ""
    if state or kept.state in FINAL_STATES:
        return replace(kept, state=state or kept.state)
    cancel = next((cancel for cancel in row.cancels if covers(cancel.ranges, kept.index)), None)
    if kept.state == TaskState.ASSIGNED:  # it has ended, and that is being kept this very moment
        return replace(kept, state=TaskState.STOPPING if cancel else TaskState.RUNNING)
    if cancel is None:  # it is being granted this very moment
        return replace(kept, state=TaskState.WAITING)
    detail = cancel.reason or kept.detail
    return replace(kept, state=TaskState.CANCELLED, outcome=cancel.outcome, detail=detail, retry_at=0.0)


async def task(fleet: Fleet, wanted: TaskId) -> TaskView:
    """One task."""
    over = fleet.kept_jobs.tasks.get(wanted)
    if over is not None:
        return over
    row = await row_of(fleet, wanted.job)
    if not any(wanted.index in span for span in _spans(row)):
        raise NotFound(f"job {wanted.job} has no task {wanted.index}: it has {row.count}")
    (view,) = await views_of(fleet, row, [wanted.index])
    if view.state in FINAL_STATES:
        fleet.kept_jobs.tasks.remember(wanted, view)
    return view


async def attempts(fleet: Fleet, wanted: TaskId) -> Sequence[TaskView]:
    """All attempts of one task, oldest first."""
    await task(fleet, wanted)
    return await fleet.store.read(TaskAttempts(task=wanted))


async def checkpoints(fleet: Fleet, wanted: TaskId) -> list[CheckpointView]:
    """Those that a task has, the one from which its next attempt goes on first; none once its job is over."""
    await task(fleet, wanted)
    made = fleet.cluster.checkpoints.get(wanted.job, {}).get(wanted.index, ())
    return [_checkpoint(each) for each in reversed(made)]


def _checkpoint(made: Checkpoint) -> CheckpointView:
    return CheckpointView(
        job=made.attempt.job,
        index=made.attempt.index,
        attempt=made.attempt.number,
        step=made.step,
        metric=made.metric,
        files=len(made.files),
        bytes=sum(file.bytes for file in made.files),
    )


async def results(fleet: Fleet, query: Results) -> Sequence[ResultRow]:
    """Final ends with results."""
    await row_of(fleet, query.job)
    return await fleet.store.read(query)


async def entries(fleet: Fleet, query: Entries) -> Sequence[EntryRow]:
    """What tasks were made from."""
    await row_of(fleet, query.job)
    return await fleet.store.read(query)


async def all_results(fleet: Fleet, job: JobId) -> AsyncIterator[Sequence[ResultRow]]:
    """Every final end kept so far, a page at a time, and last those that were over without an attempt."""
    after = -1
    while rows := await fleet.store.read(Results(job=job, after=after, limit=PAGE)):
        yield rows
        after = rows[-1].index


async def unbegun(fleet: Fleet, job: JobId) -> Sequence[tuple[CancelKept, Sequence[int]]]:
    """Tasks that a cancel of part of the job ended before they ever began."""
    row = await row_of(fleet, job)
    live = fleet.cluster.jobs.get(job)
    return [
        (cancel, [i for span in spans(cancel.ranges) for i in span if live is None or not task_state(live, i)])
        for cancel in row.cancels
        if cancel.ranges
    ]


async def explain(fleet: Fleet, wanted: TaskId) -> Explanation:
    """Why the task is where it is; all causes if it waits."""
    now = await task(fleet, wanted)
    live = fleet.cluster.jobs.get(wanted.job)
    if live is not None and now.state in (TaskState.WAITING, TaskState.BLOCKED, TaskState.BACKOFF):
        return explain_task(fleet.cluster, live, wanted, now.state, fleet.clock.now())
    return Explanation(job=wanted.job, index=wanted.index, state=now.state, causes=_not_waiting(now))


def _not_waiting(view: TaskView) -> list[Cause]:
    if view.state in (TaskState.ASSIGNED, TaskState.RUNNING, TaskState.STOPPING):
        text = f"attempt {view.attempt} is with worker {view.worker}"
        return [Cause(code=view.state, text=text, fields={"worker": view.worker, "attempt": str(view.attempt)})]
    text = f"it is over: {view.outcome}" + (f" ({view.detail})" if view.detail else "")
    return [Cause(code=view.state, text=text, fields={"outcome": view.outcome, "detail": view.detail})]


async def jobs_exist(fleet: Fleet, ids: Sequence[JobId]) -> None:
    """Raises NotFound naming the first of the jobs that there is none of."""
    for job in ids:
        if job not in fleet.cluster.jobs:
            await row_of(fleet, job)
