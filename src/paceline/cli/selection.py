"""From selectors to jobs that exist. What does not exist is told together with what does."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paceline.cli.pages import PAGE, every_job
from paceline.grammar import format_array
from paceline.grammar.selector import AllJobs, JobNamed, JobNumbers, LastJob, parse_selector
from paceline.model.errors import NotFound, UsageError
from paceline.model.ids import JobId, TaskId
from paceline.model.job import Range
from paceline.model.task import FINAL_STATES
from paceline.model.views import JobView, TaskView

if TYPE_CHECKING:
    from paceline.sdk.client import Client

_NUMBERS_LIMIT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A job, or with ``ranges`` some of its tasks."""

    job: JobView
    ranges: tuple[Range, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the job is."""
        return self.job.state in FINAL_STATES

    def __str__(self) -> str:
        return f"{self.job.job}.{format_array(self.ranges)}" if self.ranges else str(self.job.job)


async def resolve(client: Client, selectors: Sequence[str]) -> list[Target]:
    """The jobs and tasks that selectors mean, each once. Raises NotFound naming what there is."""
    found: dict[str, Target] = {}
    for text in selectors:
        selector = parse_selector(text)
        match selector.jobs:
            case LastJob():
                jobs = await client.jobs(limit=1)
            case AllJobs():
                jobs = [job async for job in every_job(client)]
            case JobNumbers(ranges=ranges):
                jobs = [job for ids in _numbers(ranges) for job in await client.jobs(ids=ids, limit=PAGE)]
            case JobNamed(name=name):
                jobs = await client.jobs(name=name, limit=1)
        if not jobs and not isinstance(selector.jobs, AllJobs):
            raise await _missing(client, text)
        targets = (Target(job=job, ranges=selector.tasks) for job in sorted(jobs, key=lambda each: each.job))
        found.update((str(target), target) for target in targets)
    return list(found.values())


async def whole_jobs(client: Client, selectors: Sequence[str]) -> list[JobView]:
    """The jobs that selectors mean. Raises UsageError where one means only tasks of a job."""
    targets = await resolve(client, selectors)
    for target in targets:
        if target.ranges:
            raise UsageError(f"{target} is some tasks, and this takes a whole job", hint=f"say {target.job.job}")
    return [target.job for target in targets]


async def one_job(client: Client, selector: str) -> Target:
    """The one job that a selector means, or some of its tasks. Raises UsageError where it means several jobs."""
    targets = await resolve(client, [selector])
    if not targets:
        raise await _missing(client, selector)
    if len(targets) > 1:
        raise UsageError(f"{selector!r} is {len(targets)} jobs", hint=f"say which one, such as {targets[-1]}")
    return targets[0]


async def resolve_tasks(client: Client, selectors: Sequence[str], limit: int = PAGE) -> list[TaskView]:
    """The tasks that selectors mean; of a whole job all of them."""
    tasks: list[TaskView] = []
    for target in await resolve(client, selectors):
        tasks += [task async for task in tasks_of(client, target, limit - len(tasks))]
    return tasks


async def one_task(client: Client, selector: str) -> TaskView:
    """The one task that a selector means. Raises UsageError where it means several."""
    tasks = await resolve_tasks(client, [selector], limit=2)
    if not tasks:
        raise await _missing(client, selector)
    if len(tasks) != 1:
        first = tasks[0]
        raise UsageError(
            f"{selector!r} is several tasks", hint=f"say which one: {TaskId(JobId(first.job), first.index)}"
        )
    return tasks[0]


async def tasks_of(client: Client, target: Target, limit: int) -> AsyncIterator[TaskView]:
    """Tasks by index. Raises NotFound when the job has none of them."""
    after, count = -1, 0
    while count < limit:
        page = await client.tasks(target.job.job, target.ranges, after=after, limit=min(PAGE, limit - count))
        for task in page:
            yield task
        count += len(page)
        if len(page) < PAGE:
            break
        after = page[-1].index
    if count == 0 and limit > 0:
        has = f"its tasks are {target.job.array}" if target.job.array else "its only task is 0"
        raise NotFound(f"job {target.job.job} has no task {format_array(target.ranges)}", hint=has)


def _numbers(ranges: Sequence[Range]) -> list[list[int]]:
    """In pages."""
    count = sum(len(range(each.start, each.stop, each.step)) for each in ranges)
    if count > _NUMBERS_LIMIT:
        raise UsageError(f"selector: {count} jobs at once, at most {_NUMBERS_LIMIT}", hint="'all' means every job")
    numbers = [number for each in ranges for number in range(each.start, each.stop, each.step)]
    return [numbers[at : at + PAGE] for at in range(0, count, PAGE)]


async def _missing(client: Client, text: str) -> NotFound:
    latest = await client.jobs(limit=100)
    if not latest:
        return NotFound(f"there is no job {text!r}: nothing was submitted yet", hint="paceline run -- COMMAND")
    near = difflib.get_close_matches(text, [job.name for job in latest], 1)
    newest = f"the newest is {latest[0].job} ({latest[0].name})"
    return NotFound(f"there is no job {text!r}", hint=f"did you mean {near[0]!r}?" if near else newest)
