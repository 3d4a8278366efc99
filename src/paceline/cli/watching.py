"""Following jobs to their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from paceline.cli.face import Face
from paceline.cli.live.board import Board
from paceline.cli.live.endings import Endings, ending_of, returned
from paceline.cli.output import TAIL_LINE, print_pages
from paceline.cli.progress import Display
from paceline.cli.selection import Target
from paceline.clock import SystemClock
from paceline.core.indexes import covers
from paceline.model.errors import NotFound
from paceline.model.ids import JobId, TaskId
from paceline.model.job import Range
from paceline.model.task import FINAL_STATES, TaskState
from paceline.model.text import visible
from paceline.model.views import JobView, LogPage, ReportView, TaskView

if TYPE_CHECKING:
    from paceline.sdk.client import Client

PENDING = tuple(state for state in TaskState if state not in FINAL_STATES)
SHOWN_FAILURES = 3
SHOWN_LINES = 10
PATIENCE = 2.0
"""Seconds a task may wait before a person is told why it does."""
PACE = 0.2
"""Seconds between two looks at what moves, at least."""
RESTS, LONGEST = 20.0, 1.0
"""After some work there is a rest so many times as long, which makes it 5 % of a core; but never longer, in seconds."""
SHORT = 0.3
"""Seconds after which a program is no short one, and its reports are asked for while it runs."""


async def follow(client: Client, targets: Sequence[Target], shown: Display, *, enough: int = 0) -> list[JobView]:
    """Show how jobs and tasks go until all targets, or ``enough`` of them, are over; the jobs' last views, in order."""
    watcher = Watcher(client, shown, targets)
    jobs = list(dict.fromkeys(target.job.job for target in targets))
    async with aclosing(client.watch(jobs, PACE)) as updates:
        async for update in updates:
            await watcher.hear(update.jobs, update.reports)
            if await watcher.over() >= (enough or len(targets)):
                break
    if any(target.ranges for target in targets):  # they may have ended since that was said
        reports = [report for job in jobs for report in await client.reports(job)]
        await watcher.hear(await client.jobs(ids=jobs, limit=len(jobs)), reports)
    return [watcher.board.jobs[job] for job in jobs if job in watcher.board.jobs]


class Watcher:
    """From what the server says of jobs to what is shown of them."""

    def __init__(self, client: Client, shown: Display, targets: Sequence[Target]) -> None:
        self.board = Board()
        self._client = client
        self._shown = shown
        self._targets = targets
        self._endings = {target.job.job: Endings(client, target.job.job) for target in targets}
        self._clock = SystemClock()

    async def hear(self, jobs: Sequence[JobView], reports: Sequence[ReportView]) -> None:
        """Show this, and which tasks have ended; then rest from it."""
        began = self._clock.steady()
        meant = [each for each in reports if self._means(each.job, each.index)]
        self._shown.show(self.board, self.board.hear(jobs, meant))
        for job in self.board.moved:
            await self._look(job)
        if self.board.running_jobs():
            await _rest(self._clock.steady() - began)

    async def over(self) -> int:
        """How many targets are."""
        return sum([await self._is_over(target) for target in self._targets])

    async def _is_over(self, target: Target) -> bool:
        job = self.board.jobs.get(target.job.job, target.job)
        if job.state in FINAL_STATES or not target.ranges:
            return job.state in FINAL_STATES
        return not await self._client.tasks(job.job, target.ranges, states=PENDING, limit=1)

    async def _look(self, job: JobView) -> None:
        known = any(task.job == job.job for task in self.board.standings)
        if self._shown.endings == "none" or (self._shown.endings == "reported" and not known):
            return
        ended = [task for task in await self._endings[job.job].fresh(job) if self._means(task.job, task.index)]
        for task in ended:
            await end_of(self._client, self.board, self._shown, task)
        if ended:
            self._shown.show(self.board, self.board.hear((), ()))  # without them

    def _means(self, job: int, index: int) -> bool:
        return any(target.job.job == job and covers(target.ranges, index) for target in self._targets)


async def end_of(client: Client, board: Board, shown: Display, task: TaskView) -> None:
    """Show that a task is over, if that is to be shown."""
    standing = board.end(TaskId(JobId(task.job), task.index))
    if standing is None:
        if shown.endings == "all":
            shown.end(ending_of(task, None))
        return
    result = returned(task, await client.results(task.job, after=task.index - 1, limit=1))
    shown.end(ending_of(task, standing, result, await _model(client, result.get("key"))))


async def _model(client: Client, key: object) -> str:
    """What a model is called, or was if it is gone already; empty if there was none."""
    if not isinstance(key, str) or not key:
        return ""
    try:
        return (await client.model(key)).name
    except NotFound:
        return key


async def follow_tasks(client: Client, target: Target) -> None:
    """Wait until these tasks of a job are over."""
    await ranges_over(client, target.job.job, target.ranges)


async def ranges_over(client: Client, job: int, ranges: Sequence[Range]) -> None:
    """The same by the job's number."""
    async with aclosing(client.watch([job])) as updates:
        async for _ in updates:
            if not await client.tasks(job, ranges, states=PENDING, limit=1):
                return


async def follow_task(client: Client, face: Face, task: TaskId, board: Board, shown: Display) -> TaskView:
    """Show what a task writes and reports, attempt after attempt, until it is over."""
    reports = [asyncio.ensure_future(_show_reports(client, task, board, shown))] if shown.endings != "none" else []
    tellers = [asyncio.ensure_future(_tell_why_it_waits(client, face, task))] if face.person else []
    beside = [*reports, *tellers]
    try:
        await print_pages(face, str(task), _hushing(client.logs(task, follow=True), tellers), plain=shown.write)
        await task_over(client, task)  # the output of an attempt may end before the task does
    finally:
        for each in beside:
            each.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    for each in beside:
        if not each.cancelled():
            each.result()  # which is an error, or nothing
    return await _ended(client, task, board, shown)


async def _show_reports(client: Client, task: TaskId, board: Board, shown: Display) -> None:
    clock = SystemClock()
    await asyncio.sleep(SHORT if shown.endings == "reported" else 0)
    async with aclosing(client.watch([task.job], PACE)) as updates:
        async for update in updates:
            began = clock.steady()
            shown.show(board, board.hear((), [each for each in update.reports if each.index == task.index]))
            await _rest(clock.steady() - began)


async def _ended(client: Client, task: TaskId, board: Board, shown: Display) -> TaskView:
    """What was not shown yet of a task that is over."""
    if shown.endings != "none":
        shown.show(board, board.hear((), await client.reports(task.job, task.index)))
    view = await view_of(client, task)
    await end_of(client, board, shown, view)
    return view


async def _rest(seconds: float) -> None:
    """After so much work."""
    await asyncio.sleep(min(RESTS * seconds, LONGEST))


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
    """Why a task failed, and the last lines it wrote: what a task says to a terminal is for who asks for its logs."""
    name = TaskId(JobId(task.job), task.index)
    face.remark(f"{name} {task.outcome.lower()}: {visible(task.detail)} (attempt {task.attempt} on {task.worker})")
    lines: list[str] = []
    async for _, page in client.logs(name, tail=SHOWN_LINES * TAIL_LINE // 4):
        lines += page.data.decode(errors="replace").splitlines()
    for line in lines[-SHOWN_LINES:]:
        face.remark(f"  {visible(line)}")


async def view_of(client: Client, task: TaskId) -> TaskView:
    """A task as it is now."""
    (view,) = await client.tasks(task.job, [Range(start=task.index, stop=task.index + 1)])
    return view


async def _hushing(
    pages: AsyncIterator[tuple[str, LogPage]], tellers: Sequence[asyncio.Future[None]]
) -> AsyncIterator[tuple[str, LogPage]]:
    """The same pages; the first one ends the talk about why there are none."""
    async for each in pages:
        for teller in tellers:
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
            face.remark(f"{task} waits: {visible('; '.join(cause.text for cause in explanation.causes))}")
