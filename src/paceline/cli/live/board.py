"""What is known of the jobs that are watched: how each stands, and how far each task is that reports."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from paceline.cli.live.curve import Curve
from paceline.model.ids import JobId, TaskId
from paceline.model.task import FINAL_STATES
from paceline.model.views import JobView, ReportView

LOSSES = ("loss", "val_loss")
"""What is drawn."""

Mark = tuple[int, float, int]
"""Which report: attempt, time, step. It grows with every report of a task."""
NO_MARK: Mark = (0, 0.0, -1)


@dataclass(slots=True, kw_only=True)
class Standing:
    """How far one task is, by the reports of its newest attempt."""

    task: TaskId
    name: str = ""  # the job's
    mark: Mark = NO_MARK
    values: Mapping[str, object] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=lambda: {name: Curve() for name in LOSSES})

    @property
    def attempt(self) -> int:
        return self.mark[0]

    @property
    def step(self) -> int:
        return self.mark[2]

    @property
    def simulated(self) -> bool:
        """Whether nothing is really trained."""
        return self.values.get("simulated") is True

    def __str__(self) -> str:
        return f"{self.task} simulated" if self.simulated else str(self.task)

    def take(self, report: ReportView) -> None:
        """A newer report than all before."""
        values = json.loads(report.values)
        self.mark, self.values = mark_of(report), values if isinstance(values, dict) else {}
        for name, curve in self.curves.items():
            curve.add(report.step, self.values.get(name))


class Board:
    """Jobs by number, and standings by task in the order of their first report."""

    def __init__(self, jobs: Iterable[JobView] = ()) -> None:
        self.jobs = {job.job: job for job in jobs}
        self.moved: Sequence[JobView] = ()  # those that stand otherwise than before what was heard last
        self.standings: dict[TaskId, Standing] = {}
        self._marks: dict[TaskId, Mark] = {}  # of the last report, also of tasks that are over
        self._over: set[TaskId] = set()

    def hear(self, jobs: Iterable[JobView], reports: Iterable[ReportView]) -> list[ReportView]:
        """The reports that say something new: a server that comes back says all again, and an attempt may be stale."""
        self.moved = [job for job in jobs if self.jobs.get(job.job) != job]
        self.jobs.update((job.job, job) for job in self.moved)
        return [report for report in reports if self._take(report)]

    def end(self, task: TaskId) -> Standing | None:
        """The task is over; its last standing, if it ever reported."""
        self._over.add(task)
        return self.standings.pop(task, None)

    def running_jobs(self) -> list[JobView]:
        """Those that are not over."""
        return [job for job in self.jobs.values() if job.state not in FINAL_STATES]

    def _take(self, report: ReportView) -> bool:
        task, mark = TaskId(JobId(report.job), report.index), mark_of(report)
        if mark <= self._marks.get(task, NO_MARK):
            return False
        self._marks[task] = mark
        if task not in self._over:
            job = self.jobs.get(task.job)
            name = job.name if job is not None else ""
            self.standings.setdefault(task, Standing(task=task, name=name)).take(report)
        return True


def latest(standings: Iterable[Standing], count: int) -> Sequence[Standing]:
    """Those that reported last, the newest first."""
    return sorted(standings, key=lambda each: each.mark[1], reverse=True)[:count]


def mark_of(report: ReportView) -> Mark:
    """Where a report stands among those of its task."""
    return report.attempt, report.at, report.step
