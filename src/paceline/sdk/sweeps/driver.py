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
from paceline.orders import metric as metrics
from paceline.orders.jobfile import Search
from paceline.orders.space import Row
from paceline.sdk.client import Client
from paceline.sdk.sweeps.study import Study, Verdict
from paceline.sdk.sweeps.trials import Trial, trials_of, values_of
from paceline.wire.convert import to_wire
from paceline.wire.gen import fleet_pb2 as fleet

State: TypeAlias = Literal["running", "pruning"] | Verdict

PRUNED = "pruned: "
"""How the reason of a cancel begins by which the driver ended a trial."""


@dataclass(slots=True, kw_only=True)
class LiveTrial:
    """One trial as the driver knows it. ``value`` is its latest; ``step`` below 0: it has not reported any."""

    number: int
    task: TaskId
    params: dict[str, object] = field(default_factory=dict)
    state: State = "running"
    step: int = -1
    value: float | None = None
    detail: str = ""  # why it ended, unless it is complete


Told: TypeAlias = Callable[[LiveTrial], None]


class Driver:
    """One sweep. ``told`` is called whenever something of a trial changed."""

    def __init__(self, client: Client, search: Search, told: Told) -> None:
        self._client = client
        self._search = search
        self._told = told
        self._metric = search.sweep.metric
        self._study = Study(search.space, search.sweep, search.way, search.identity)
        self._trials: list[LiveTrial] = []  # by number
        self._by_task: dict[TaskId, LiveTrial] = {}
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
        return len(self._trials) >= self._search.sweep.trials and not self._running

    @property
    def _running(self) -> list[LiveTrial]:
        return [trial for trial in self._trials if trial.state in ("running", "pruning")]

    # ── what is there already ────────────────────────────────────────────────────────────────────────────────────

    async def _take_up(self) -> None:
        """The jobs of this sweep in their order, up to the first open one; a new one where there is none."""
        while not self._is_open and len(self._trials) < self._search.sweep.trials:
            self._first = len(self._trials)
            job = await self._submit(f"sweep-{self._search.identity}-{len(self.jobs)}")
            self.jobs.append(job)
            (view,) = await self._client.jobs([job])
            self._is_open = view.open
            for known in await trials_of(self._client, job):
                await self._remember(known)

    async def _submit(self, token: str) -> JobId:
        """By the session, for as long as which the server keeps the job open."""
        request = fleet.SubmitRequest(
            specs=[to_wire(self._search.spec, fleet.JobSpec)], token=token, must_fit=not self.jobs
        )
        try:
            answered = await self._client.session.submit(request)
        except Conflict as error:
            hint = "an environment variable or a relative time reads differently now; another name begins another sweep"
            raise Conflict(f"this sweep was begun otherwise: {error.message}", hint=hint) from None
        return JobId(answered.jobs[0])

    async def _remember(self, known: Trial) -> None:
        trial = LiveTrial(number=len(self._trials), task=known.task, params=dict(known.params))
        self._study.remember(known.params)
        self._keep(trial)
        reports = await self._client.reports(known.task.job, known.task.index)
        verdicts = [self._follow(trial, report) for report in reports]
        if known.state in FINAL_STATES:
            (view,) = await self._views([trial])
            await self._end(trial, view)
        elif verdicts and verdicts[-1]:  # the driver ended before it could say so
            await self._prune(trial)
        self._told(trial)

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _fill(self) -> None:
        """Add trials while there is room for them."""
        sweep = self._search.sweep
        while self._is_open and len(self._trials) < sweep.trials and len(self._running) < sweep.parallel:
            try:
                await self._add(self._study.ask())
            except Conflict:  # somebody cancelled the job this very moment
                self._is_open = False

    async def _add(self, row: Row) -> None:
        index = len(self._trials) - self._first
        trial = LiveTrial(number=len(self._trials), task=TaskId(self.jobs[-1], index), params=row)
        await self._client.append(self.jobs[-1], index, [msgspec.json.encode(row)])
        self._keep(trial)
        self._told(trial)

    def _keep(self, trial: LiveTrial) -> None:
        self._trials.append(trial)
        self._by_task[trial.task] = trial

    async def _hear(self, reports: Iterable[ReportView]) -> None:
        for report in reports:
            trial = self._by_task.get(TaskId(JobId(report.job), report.index))
            if trial is None:
                continue
            if self._follow(trial, report):
                await self._prune(trial)
            self._told(trial)

    def _follow(self, trial: LiveTrial, report: ReportView) -> bool:
        """Whether the trial should be pruned for what it says."""
        said = metrics.numbers(values_of(report))
        if self._metric not in said or trial.state != "running":
            return False
        trial.step, trial.value = report.step, said[self._metric]
        return self._study.report(trial.number, report.step, trial.value)

    async def _prune(self, trial: LiveTrial) -> None:
        trial.state = "pruning"
        reason = f"{PRUNED}{self._search.sweep.pruner} at step {trial.step}, {self._metric} {trial.value:.6g}"
        await self._client.cancel(trial.task.job, _ranges([trial]), reason)

    async def _settle(self, jobs: Iterable[JobView]) -> None:
        """These jobs have moved: see which of their trials are over."""
        for job in jobs:
            if job.job == self.jobs[-1]:
                self._is_open = job.open
                self._check_alone(job)
            for view in await self._views([trial for trial in self._running if trial.task.job == job.job]):
                if view.state in FINAL_STATES:
                    trial = self._by_task[TaskId(JobId(view.job), view.index)]
                    await self._end(trial, view)
                    self._told(trial)

    def _check_alone(self, job: JobView) -> None:
        """What two drivers add would be taken for one and the same."""
        if job.total > len(self._trials) - self._first:
            hint = "a sweep has one driver at a time: stop the other one"
            raise Conflict(f"job {job.job} has trials that were added by somebody else", hint=hint)

    async def _end(self, trial: LiveTrial, view: TaskView) -> None:
        verdict: Verdict
        if view.state == "SUCCEEDED":
            verdict, trial.value = await self._judge(trial)
            trial.detail = f"it does not say {self._metric}" if verdict == "failed" else ""
        else:
            verdict = "pruned" if trial.state == "pruning" or PRUNED in view.detail else "failed"
            trial.detail = view.detail or view.outcome.lower()
        trial.state = verdict
        self._study.tell(trial.number, verdict, trial.value or 0.0)

    async def _judge(self, trial: LiveTrial) -> tuple[Verdict, float | None]:
        """What a trial that succeeded came to."""
        job, index = trial.task
        (row,) = await self._client.results(job, after=index - 1, limit=1)
        reports = await self._client.reports(job, index)
        trial.step = reports[-1].step if reports else -1
        reported = metrics.numbers(values_of(reports[-1])) if reports else {}
        said = {**reported, **metrics.of_result(metrics.members(row.result))}
        if self._metric in said:
            return "complete", said[self._metric]
        if any(other.value is not None for other in self._trials):
            return "failed", None
        await self._client.cancel(job, reason=f"its trials do not say {self._metric!r}")
        raise metrics.missing(self._metric, said)

    async def _views(self, trials: Sequence[LiveTrial]) -> Sequence[TaskView]:
        """How trials of one job stand."""
        return await self._client.tasks(trials[0].task.job, _ranges(trials)) if trials else ()


def _ranges(trials: Iterable[LiveTrial]) -> list[Range]:
    return [Range(start=trial.task.index, stop=trial.task.index + 1) for trial in trials]
