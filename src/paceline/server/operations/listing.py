"""Lists, a part at a time.

Whatever a list is narrowed by, one call passes over a bounded number of rows: it may give back few or none, and says
where the next one goes on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from paceline.core.views import job_view
from paceline.model.errors import NotFound
from paceline.model.ids import JobId
from paceline.model.queries import Jobs
from paceline.model.task import FINAL_STATES, TaskState
from paceline.model.views import JobView, TaskView
from paceline.server.fleet import Fleet
from paceline.server.operations import looking

PAGE = 1000
LOOKS = 10
"""Pages that one call passes over."""
IN_PICTURE = (TaskState.ASSIGNED, TaskState.RUNNING, TaskState.STOPPING, TaskState.BACKOFF)
"""States of tasks that the picture knows one by one."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """``next``: the number after which the next part begins; below 0: this was the last."""

    items: Sequence[T]
    next: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which jobs. An empty field: any."""

    name: str = ""
    state: str = ""
    experiment: str = ""

    def admits(self, view: JobView) -> bool:
        return (
            self.name in ("", view.name) and self.state in ("", view.state) and self.experiment in ("", view.experiment)
        )


async def job(fleet: Fleet, number: JobId) -> JobView:
    """One job. Raises NotFound."""
    newest = await _newest(fleet)
    views = await _views(fleet, [number]) if 0 < number <= newest else ()
    if not views:
        raise NotFound(
            f"there is no job {number}", hint=f"the newest is job {newest}" if newest else "there is none yet"
        )
    return views[0]


async def jobs(fleet: Fleet, chosen: Chosen, before: int, limit: int) -> Part[JobView]:
    """Jobs below ``before`` (0: all), newest first."""
    newest = await _newest(fleet)
    top = min(before - 1, newest) if before else newest
    numbers: Iterable[int] = range(top, 0, -1)
    if chosen.state and chosen.state not in FINAL_STATES:
        numbers = sorted((number for number in fleet.cluster.jobs if number <= top), reverse=True)
    elif chosen.name:
        return await _named(fleet, chosen, before, limit)
    return await _chosen(fleet, chosen, iter(numbers), limit)


async def _chosen(fleet: Fleet, chosen: Chosen, numbers: Iterator[int], limit: int) -> Part[JobView]:
    found: list[JobView] = []
    chunk: list[JobId] = []
    size = limit + 1 if chosen == Chosen() else PAGE
    for _ in range(LOOKS):
        chunk = [JobId(number) for number in islice(numbers, size)]
        found += filter(chosen.admits, await _views(fleet, chunk))
        if len(found) > limit:
            return Part(items=found[:limit], next=found[limit - 1].job)
        if len(chunk) < size:
            return Part(items=found)
    return Part(items=found, next=chunk[-1])


async def _named(fleet: Fleet, chosen: Chosen, before: int, limit: int) -> Part[JobView]:
    """The store has an index of names."""
    found: list[JobView] = []
    for _ in range(LOOKS):
        views = await looking.jobs(fleet, Jobs(name=chosen.name, before=before, limit=limit + 1))
        found += filter(chosen.admits, views)
        if len(found) > limit:
            return Part(items=found[:limit], next=found[limit - 1].job)
        if len(views) <= limit:
            return Part(items=found)
        before = views[-1].job
    return Part(items=found, next=before)


async def _newest(fleet: Fleet) -> int:
    """The highest number of a job that is kept, or being kept while nothing can be."""
    newest = fleet.cluster.next_job - 1
    if newest > fleet.kept_jobs.newest:
        await fleet.loop.caught_up()
        if fleet.loop.hold.trouble is None:
            fleet.kept_jobs.newest = max(newest, fleet.kept_jobs.newest)
    return newest


async def _views(fleet: Fleet, numbers: Sequence[JobId]) -> list[JobView]:
    """These jobs in this order; those that there are."""
    known = {number: view for number in numbers if (view := _at_hand(fleet, number)) is not None}
    missing = [number for number in numbers if number not in known]
    if missing:
        for view in await looking.jobs(fleet, Jobs(ids=missing, limit=len(missing))):
            known[JobId(view.job)] = view
            if view.ended_at:
                fleet.kept_jobs.over.remember(JobId(view.job), view)
    return [known[number] for number in numbers if number in known]


def _at_hand(fleet: Fleet, number: JobId) -> JobView | None:
    live = fleet.cluster.jobs.get(number)
    return job_view(live) if live is not None else fleet.kept_jobs.over.get(number)


async def tasks(fleet: Fleet, page: looking.TaskPage) -> Part[TaskView]:
    """Tasks by index, above ``page.after``."""
    row = await looking.row_of(fleet, page.job)
    indexes = (
        _moving(fleet, page) if page.states and set(page.states) <= {*IN_PICTURE} else looking.indexes_of(row, page)
    )
    found: list[TaskView] = []
    chunk: list[int] = []
    size = PAGE if page.states else page.limit + 1
    for _ in range(LOOKS):
        chunk = list(islice(indexes, size))
        if chunk:
            views = await looking.views_of(fleet, row, chunk)
            found += [view for view in views if not page.states or view.state in page.states]
        if len(found) > page.limit:
            return Part(items=found[: page.limit], next=found[page.limit - 1].index)
        if len(chunk) < size:
            return Part(items=found)
    return Part(items=found, next=chunk[-1])


def _moving(fleet: Fleet, page: looking.TaskPage) -> Iterator[int]:
    """Tasks that a worker holds or that back off."""
    live = fleet.cluster.jobs.get(page.job)
    known = {*live.live, *live.backing_off} if live is not None else set()
    return iter(sorted(index for index in known if index > page.after))
