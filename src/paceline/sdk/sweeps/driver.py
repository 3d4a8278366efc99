"""Carries a sweep out: ask for parameters, add a task, watch what it reports, cancel what promises little, tell.

All trials are tasks of one open job, one task each, so they are listed, watched, logged and cancelled as those of any
array. The job holds everything that a sweep knows (its entries are the parameters, its reports the curves, its ends the
verdicts), so there is no journal beside it that could be lost or contradict it: a driver that was killed is started
again with the same file, is given the same job by the same submit token, and goes on. Trials that were running have run
on meanwhile. A job that was closed in between (nobody worked with it for ten minutes, or somebody cancelled it, or
there were enough trials then) is followed by another one; their trials count together.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from paceline.model.errors import Conflict
from paceline.model.ids import JobId, TaskId
from paceline.model.job import Range
from paceline.model.task import FINAL_STATES
from paceline.model.views import JobView, ReportView, TaskView
from paceline.sdk.client import Client
from paceline.sdk.jobfile import Search
from paceline.sdk.sweeps import metric as metrics
from paceline.sdk.sweeps.space import Row
from paceline.sdk.sweeps.study import Study, Verdict
from paceline.sdk.sweeps.trials import Trial, trials_of, values_of
from paceline.wire.convert import to_wire
from paceline.wire.gen import fleet_pb2 as fleet

State: TypeAlias = Literal["running", "pruning"] | Verdict

PRUNED = "pruned: "
"""How the reason of a cancel begins by which the driver ended a trial."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One trial as the driver knows it. ``value`` is its latest; ``step`` below 0: it has not reported any."""

    number: int
    task: TaskId
    params: dict[str, object] = field(default_factory=dict)
    state: State = "running"
    step: int = -1
    value: float | None = None
    detail: str = ""  # why it ended, unless it is complete


Told: TypeAlias = Callable[[Run], None]


class Driver:
    """One sweep. ``told`` is called whenever something of a trial changed."""

    def __init__(self, client: Client, search: Search, told: Told) -> None:
        self._client = client
        self._search = search
        self._told = told
        self._metric = search.sweep.metric
        self._study = Study(search.space, search.sweep, search.way, search.identity)
        self._runs: list[Run] = []  # by number
        self._by_task: dict[TaskId, Run] = {}
        self.jobs: list[JobId] = []
        self._first = 0  # number of the last job's first trial
        self._is_open = False  # the last job takes trials

    async def run(self) -> bool:
        """Until there are as many trials as the file asks for, and all are over; False: somebody cancelled the job.

        Raises UsageError when a trial is complete and none so far has said the metric.
        """
        await self._take_up()
        if self._is_over:
            return True
        async with aclosing(self._client.watch(self.jobs)) as updates:
            async for update in updates:
                await self._hear(update.reports)
                await self._settle(update.jobs)
                await self._fill()
                if self._is_over:
                    await self._client.close_job(self.jobs[-1])
                    return True
        return False

    @property
    def _is_over(self) -> bool:
        return len(self._runs) >= self._search.sweep.trials and not self._running

    @property
    def _running(self) -> list[Run]:
        return [run for run in self._runs if run.state in ("running", "pruning")]

    # ── what is there already ────────────────────────────────────────────────────────────────────────────────────

    async def _take_up(self) -> None:
        """The jobs of this sweep in their order, up to the first open one; a new one where there is none."""
        while not self._is_open and len(self._runs) < self._search.sweep.trials:
            self._first = len(self._runs)
            job = await self._submit(f"sweep-{self._search.identity}-{len(self.jobs)}")
            self.jobs.append(job)
            (view,) = await self._client.jobs([job])
            self._is_open = view.open
            for trial in await trials_of(self._client, job):
                await self._remember(trial)

    async def _submit(self, token: str) -> JobId:
        """By the session, for as long as which the server keeps the job open."""
        request = fleet.SubmitRequest(
            specs=[to_wire(self._search.spec, fleet.JobSpec)], token=token, must_fit=not self.jobs
        )
        answered = await self._client.session.submit(request)
        return JobId(answered.jobs[0])

    async def _remember(self, trial: Trial) -> None:
        run = Run(number=len(self._runs), task=trial.task, params=dict(trial.params))
        self._study.remember(trial.params)
        self._keep(run)
        reports = await self._client.reports(trial.task.job, trial.task.index)
        verdicts = [self._follow(run, report) for report in reports]
        if trial.state in FINAL_STATES:
            (view,) = await self._views([run])
            await self._end(run, view)
        elif verdicts and verdicts[-1]:  # the driver ended before it could say so
            await self._prune(run)
        self._told(run)

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _fill(self) -> None:
        """Add trials while there is room for them."""
        sweep = self._search.sweep
        while self._is_open and len(self._runs) < sweep.trials and len(self._running) < sweep.parallel:
            try:
                await self._add(self._study.ask())
            except Conflict:  # somebody cancelled the job this very moment
                self._is_open = False

    async def _add(self, row: Row) -> None:
        index = len(self._runs) - self._first
        run = Run(number=len(self._runs), task=TaskId(self.jobs[-1], index), params=row)
        await self._client.append(self.jobs[-1], index, [msgspec.json.encode(row)])
        self._keep(run)
        self._told(run)

    def _keep(self, run: Run) -> None:
        self._runs.append(run)
        self._by_task[run.task] = run

    async def _hear(self, reports: Iterable[ReportView]) -> None:
        for report in reports:
            run = self._by_task[TaskId(JobId(report.job), report.index)]
            if self._follow(run, report):
                await self._prune(run)
            self._told(run)

    def _follow(self, run: Run, report: ReportView) -> bool:
        """Whether the trial should be pruned for what it says."""
        said = metrics.numbers(values_of(report))
        if self._metric not in said or run.state != "running":
            return False
        run.step, run.value = report.step, said[self._metric]
        return self._study.report(run.number, report.step, run.value)

    async def _prune(self, run: Run) -> None:
        run.state = "pruning"
        reason = f"{PRUNED}{self._search.sweep.pruner} at step {run.step}, {self._metric} {run.value:.6g}"
        await self._client.cancel(run.task.job, _ranges([run]), reason)

    async def _settle(self, jobs: Iterable[JobView]) -> None:
        """These jobs have moved: see which of their trials are over."""
        for job in jobs:
            if job.job == self.jobs[-1]:
                self._is_open = job.open
            for view in await self._views([run for run in self._running if run.task.job == job.job]):
                if view.state in FINAL_STATES:
                    run = self._by_task[TaskId(JobId(view.job), view.index)]
                    await self._end(run, view)
                    self._told(run)

    async def _end(self, run: Run, view: TaskView) -> None:
        verdict: Verdict
        if view.state == "SUCCEEDED":
            verdict, run.value = await self._judge(run)
            run.detail = f"it does not say {self._metric}" if verdict == "failed" else ""
        else:
            verdict = "pruned" if run.state == "pruning" or PRUNED in view.detail else "failed"
            run.detail = view.detail or view.outcome.lower()
        run.state = verdict
        self._study.tell(run.number, verdict, run.value or 0.0)

    async def _judge(self, run: Run) -> tuple[Verdict, float | None]:
        """What a trial that succeeded came to."""
        job, index = run.task
        (row,) = await self._client.results(job, after=index - 1, limit=1)
        reports = await self._client.reports(job, index)
        run.step = reports[-1].step if reports else -1
        reported = metrics.numbers(values_of(reports[-1])) if reports else {}
        said = {**reported, **metrics.of_result(metrics.members(row.result))}
        if self._metric in said:
            return "complete", said[self._metric]
        if any(other.value is not None for other in self._runs):
            return "failed", None
        await self._client.cancel(job, reason=f"its trials do not say {self._metric!r}")
        raise metrics.missing(self._metric, said)

    async def _views(self, runs: Sequence[Run]) -> Sequence[TaskView]:
        """How trials of one job stand."""
        return await self._client.tasks(runs[0].task.job, _ranges(runs)) if runs else ()


def _ranges(runs: Iterable[Run]) -> list[Range]:
    return [Range(start=run.task.index, stop=run.task.index + 1) for run in runs]
