"""Ends of tasks: found among many without looking at all of them, and told in a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paceline.cli.forms import read
from paceline.cli.live.board import Standing
from paceline.cli.live.columns import achieved
from paceline.cli.pages import PAGE
from paceline.cli.table import state
from paceline.cli.words import age, ending
from paceline.model.ids import JobId, TaskId
from paceline.model.task import FINAL_STATES
from paceline.model.text import visible
from paceline.model.views import JobView, ResultRow, TaskView

if TYPE_CHECKING:
    from paceline.sdk.client import Client

NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a task ended. ``metrics``: of its result, else what it reported last. ``model``: what it left, or empty."""

    task: TaskView
    label: str
    metrics: Mapping[str, object] = field(default_factory=dict)
    model: str = ""

    def __str__(self) -> str:
        how = ending(self.task)
        tried = f" (attempt {self.task.attempt} on {self.task.worker})" if self.task.attempt > 1 or how else ""
        model = [f"model {self.model}"] if self.model else []
        facts = "  ".join([*([how] if how else []), *achieved(self.metrics), *model])
        what = f"{self.label} {state(self.task.state)} after {age(self.task.seconds)}{tried}"
        return f"{what}: {visible(facts)}" if facts else what


def ending_of(
    task: TaskView, standing: Standing | None, result: Mapping[str, object] = NOTHING, model: str = ""
) -> Ending:
    """From what is known of a task that is over: its last report, what it returned, the name of the model it left."""
    metrics = result.get("metrics")
    return Ending(
        task=task,
        label=str(standing) if standing is not None else str(TaskId(JobId(task.job), task.index)),
        metrics=metrics if isinstance(metrics, Mapping) else standing.values if standing is not None else {},
        model=model,
    )


def returned(task: TaskView, rows: Sequence[ResultRow]) -> Mapping[str, object]:
    """What a task returned, if its row is among these and that is a mapping; else nothing."""
    try:
        value = next((read(row.result) for row in rows if row.index == task.index and row.result), None)
    except ValueError:
        value = None
    return value if isinstance(value, Mapping) else NOTHING


class Endings:
    """Tasks of one job that are over, each told once, and not before its last report could have been heard.

    Tasks begin in the order of their indexes, or nearly so. What is looked at is the stretch from the first that was
    not over to the first page on which none has begun, whatever the size of the array.
    """

    def __init__(self, client: Client, job: int) -> None:
        self._client = client
        self._job = job
        self._floor = -1  # all up to here are found
        self._seen: set[int] = set()  # of those above
        self._found: list[TaskView] = []  # but not told
        self._count = 0  # told

    async def fresh(self, job: JobView) -> list[TaskView]:
        """Those that were over when the job stood as it is shown here, and were not told yet."""
        await self._look()
        self._found.sort(key=lambda task: task.ended_at)
        count = job.succeeded + job.failed + job.cancelled - self._count
        told, self._found = self._found[:count], self._found[count:]
        self._count += len(told)
        return told

    async def _look(self) -> None:
        after, begun = self._floor, True
        while begun:
            page = await self._client.tasks(self._job, after=after, limit=PAGE)
            over = [task for task in page if task.state in FINAL_STATES and task.index not in self._seen]
            self._found += over
            self._seen.update(task.index for task in over)
            begun = len(page) == PAGE and any(task.attempt or task.state in FINAL_STATES for task in page)
            after = self._risen(page, after)

    def _risen(self, page: Sequence[TaskView], after: int) -> int:
        """The last index of the page; the floor rises over all that are seen."""
        if after == self._floor:
            for task in page:
                if task.index not in self._seen:
                    break
                self._seen.discard(task.index)
                self._floor = task.index
        return page[-1].index if page else after
