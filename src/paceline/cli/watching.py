"""Following jobs to their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from paceline.cli.face import Face
from paceline.cli.output import TAIL_LINE, print_pages
from paceline.cli.progress import Display, display
from paceline.cli.selection import Target
from paceline.model.ids import JobId, TaskId
from paceline.model.job import Range
from paceline.model.task import FINAL_STATES, TaskState
from paceline.model.views import JobView, LogPage, TaskView

if TYPE_CHECKING:
    from paceline.sdk.client import Client

PENDING = tuple(state for state in TaskState if state not in FINAL_STATES)
SHOWN_FAILURES = 3
SHOWN_LINES = 10
PATIENCE = 2.0
"""Seconds a task may wait before a person is told why it does."""


async def follow_jobs(client: Client, face: Face, jobs: Sequence[int]) -> list[JobView]:
    """Show the jobs' progress until all are over; their last views, in order."""
    with display(face) as shown:
        return await watch_jobs(client, jobs, shown)


async def watch_jobs(client: Client, jobs: Sequence[int], shown: Display, *, enough: int = 0) -> list[JobView]:
    """Watch until all jobs, or ``enough`` of them, are over."""
    views: dict[int, JobView] = {}
    async with aclosing(client.watch(jobs)) as updates:
        async for update in updates:
            views.update((job.job, job) for job in update.jobs)
            shown.show(update.jobs)
            if enough and sum(job.state in FINAL_STATES for job in views.values()) >= enough:
                break
    return [views[job] for job in jobs if job in views]


async def follow_tasks(client: Client, target: Target) -> None:
    """Wait until these tasks of a job are over."""
    await ranges_over(client, target.job.job, target.ranges)


async def ranges_over(client: Client, job: int, ranges: Sequence[Range]) -> None:
    """The same by the job's number."""
    async with aclosing(client.watch([job])) as updates:
        async for _ in updates:
            if not await client.tasks(job, ranges, states=PENDING, limit=1):
                return


async def follow_task(client: Client, face: Face, task: TaskId) -> TaskView:
    """Print what a task writes, attempt after attempt, until it is over."""
    teller = asyncio.ensure_future(_tell_why_it_waits(client, face, task)) if face.person else None
    try:
        await print_pages(face, str(task), _hushing(client.logs(task, follow=True), teller))
    finally:
        if teller is not None:
            teller.cancel()
    await task_over(client, task)  # the output of an attempt may end before the task does
    return await view_of(client, task)


async def task_over(client: Client, task: TaskId) -> None:
    """Wait until a task is over."""
    await ranges_over(client, task.job, [Range(start=task.index, stop=task.index + 1)])


async def show_failures(client: Client, face: Face, job: JobView) -> None:
    """The first failed tasks of a job, each with the last lines it wrote."""
    failed = await client.tasks(job.job, states=("FAILED",), limit=SHOWN_FAILURES)
    for task in failed:
        await show_failure(client, face, task)
    if job.failed > len(failed):
        face.remark(f"… and {job.failed - len(failed)} more; all of them: paceline task ls {job.job} --state FAILED")


async def show_failure(client: Client, face: Face, task: TaskView) -> None:
    """Why a task failed, and the last lines it wrote."""
    name = TaskId(JobId(task.job), task.index)
    face.remark(f"{name} {task.outcome.lower()}: {task.detail} (attempt {task.attempt} on {task.worker})")
    lines: list[str] = []
    async for _, page in client.logs(name, tail=SHOWN_LINES * TAIL_LINE // 4):
        lines += page.data.decode(errors="replace").splitlines()
    for line in lines[-SHOWN_LINES:]:
        face.remark(f"  {line}")


async def view_of(client: Client, task: TaskId) -> TaskView:
    """A task as it is now."""
    (view,) = await client.tasks(task.job, [Range(start=task.index, stop=task.index + 1)])
    return view


async def _hushing(
    pages: AsyncIterator[tuple[str, LogPage]], teller: asyncio.Future[None] | None
) -> AsyncIterator[tuple[str, LogPage]]:
    """The same pages; the first one ends the talk about why there are none."""
    async for each in pages:
        if teller is not None:
            teller.cancel()
        yield each


async def _tell_why_it_waits(client: Client, face: Face, task: TaskId) -> None:
    told: list[str] = []
    while True:
        await asyncio.sleep(PATIENCE)
        if (await view_of(client, task)).state not in ("BLOCKED", "WAITING", "BACKOFF"):
            return
        explanation = await client.explain(task)
        codes = [cause.code for cause in explanation.causes]
        if codes != told:  # a text alone may change with every second
            told = codes
            face.remark(f"{task} waits: {'; '.join(cause.text for cause in explanation.causes)}")
