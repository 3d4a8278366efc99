"""MLflow beside jobs: what their attempts are told, and who keeps their metrics and closes their runs.

A run that only its own process closes stays RUNNING for ever once that process is killed. So runs are closed from
outside, by what the server recorded of each attempt, by whoever follows the job: ``run --mlflow`` while it watches,
``paceline mlflow follow`` at any later time, as often as one likes.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from paceline.cli.face import Face
from paceline.cli.live.board import Board
from paceline.cli.live.endings import Endings
from paceline.clock import SystemClock
from paceline.model.errors import PacelineError, Unreachable
from paceline.model.ids import AttemptId, JobId, TaskId
from paceline.model.job import JobSpec
from paceline.model.task import FINAL_STATES
from paceline.model.views import JobView, ReportView, TaskView
from paceline.train.mlflow_runs import ADDRESS, EXPERIMENT, SINCE, WHOLE, Point, Runs, check_installed

if TYPE_CHECKING:
    from paceline.sdk.client import Client

P = ParamSpec("P")
T = TypeVar("T")

COMMAND = "command"
"""The kind whose attempts make their runs themselves."""
PACE = 1.0
"""Seconds between two deliveries."""


def tracked(spec: JobSpec, uri: str) -> JobSpec:
    """The job, with what its attempts must know if MLflow is asked for: here, or in its own environment.

    Raises UsageError if MLflow is asked for here and not installed.
    """
    env = dict(spec.run.env)
    if uri:
        check_installed()
    elif not (uri := env.get(ADDRESS, "")):
        return spec
    told = {ADDRESS: uri}
    if spec.run.kind == COMMAND:  # others share processes, and so may have nothing of their own in the environment
        told |= {
            SINCE: f"{SystemClock().now():.0f}",
            "MLFLOW_TRACKING_URI": uri,
            EXPERIMENT: spec.experiment or spec.name,
        }
    return replace(spec, run=replace(spec.run, env=tuple({**env, **told}.items())))


def tracker(specs: Iterable[JobSpec]) -> str:
    """Where the runs of these jobs are kept; empty if nowhere."""
    return next((uri for spec in specs if (uri := dict(spec.run.env).get(ADDRESS, ""))), "")


def catching_up(jobs: Iterable[int]) -> str:
    """The command that follows these jobs' runs later."""
    return f"paceline mlflow follow {' '.join(map(str, jobs))} --mlflow URI"


@asynccontextmanager
async def tracking(client: Client, face: Face, jobs: Sequence[int], uri: str) -> AsyncIterator[None]:
    """Follow the runs of these jobs beside what is done inside. Trouble with MLflow is told, and stops nothing."""
    if not uri:
        yield
        return
    follower = asyncio.ensure_future(follow_runs(client, jobs, uri))
    try:
        yield
        views = await client.jobs(ids=jobs, limit=len(jobs))
        if all(view.state in FINAL_STATES for view in views):
            await asyncio.wait([follower])
    finally:
        done = follower.done()
        follower.cancel()
        (how,) = await asyncio.gather(follower, return_exceptions=True)
        if isinstance(how, Exception):
            face.remark(f"warning: {how}")
        if not done or how is not None:
            face.remark(f"its MLflow runs are not closed; to do so: {catching_up(jobs)}")


async def follow_runs(client: Client, jobs: Sequence[int], uri: str) -> None:
    """Keep the metrics of these jobs' attempts and close their runs, until all are over. Raises Unreachable."""
    followers = {view.job: await _follower(client, view, uri) for view in await client.jobs(ids=jobs, limit=len(jobs))}
    board = Board()
    async with aclosing(client.watch(list(followers), PACE)) as updates:
        async for update in updates:
            fresh = board.hear(update.jobs, update.reports)
            for job, follower in followers.items():
                await follower.hear([report for report in fresh if report.job == job])
            for view in board.moved:
                await followers[view.job].close(view)


async def _follower(client: Client, job: JobView, uri: str) -> Follower:
    runs = await _ask(uri, Runs, uri, job.experiment or job.name, job.submitted_at)
    return Follower(client, job, uri, runs)


class Follower:
    """Of one job. A program makes its run itself, so its reports wait for that; for all else the run is made here."""

    def __init__(self, client: Client, job: JobView, uri: str, runs: Runs) -> None:
        self._client = client
        self._uri = uri
        self._runs = runs
        self._endings = Endings(client, job.job)
        self._makes_its_own = job.kind == COMMAND
        self._waiting: dict[AttemptId, list[Point]] = defaultdict(list)
        self._known: dict[AttemptId, str] = {}

    async def hear(self, reports: Iterable[ReportView]) -> None:
        """Log what is new, of every attempt that has a run."""
        for report in reports:
            attempt = AttemptId(JobId(report.job), report.index, report.attempt)
            self._waiting[attempt].append(_point(report))
            self._waiting[attempt._replace(number=WHOLE)] = [_point(report)]  # the task's own run gets the last one
        for attempt in list(self._waiting):
            if attempt.number != WHOLE and (run := await self._run(attempt)):
                await _ask(self._uri, self._runs.log, run, self._waiting.pop(attempt))

    async def close(self, job: JobView) -> None:
        """Close the runs of tasks that are over, all attempts and the task's own."""
        for task in await self._endings.fresh(job):
            attempts = await self._client.attempts(TaskId(JobId(task.job), task.index))
            for attempt in attempts:
                await self._close(attempt, attempt.attempt)
            if attempts:
                await self._close(task, WHOLE)

    async def _close(self, view: TaskView, number: int) -> None:
        attempt = AttemptId(JobId(view.job), view.index, number)
        run = await _ask(self._uri, self._runs.ensure, str(attempt.task), number)
        await _ask(self._uri, self._runs.log, run, self._waiting.pop(attempt, ()))
        await _ask(self._uri, self._runs.close, run, view)
        self._known.pop(attempt, None)

    async def _run(self, attempt: AttemptId) -> str:
        if attempt not in self._known:
            find = self._runs.find if self._makes_its_own else self._runs.ensure
            run = await _ask(self._uri, find, str(attempt.task), attempt.number)
            if not run:
                return ""
            self._known[attempt] = run
        return self._known[attempt]


async def _ask(uri: str, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """In a thread: MLflow waits for its network and its disk. Raises Unreachable for whatever it meets there."""
    try:
        return await asyncio.to_thread(question, *args, **kwargs)
    except PacelineError:
        raise
    except Exception as error:
        raise Unreachable(f"mlflow: {uri}: {str(error).splitlines()[0] or type(error).__name__}") from error


def _point(report: ReportView) -> Point:
    values = json.loads(report.values)
    return Point(step=report.step, at=report.at, values=values if isinstance(values, dict) else {})
