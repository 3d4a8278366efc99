"""``paceline wait``: until jobs are over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from paceline.cli import exits
from paceline.cli.complete import selectors_argument
from paceline.cli.face import Face, asks
from paceline.cli.forms import forms
from paceline.cli.pages import PAGE
from paceline.cli.progress import Displaying, display
from paceline.cli.selection import Target, resolve, tasks_of
from paceline.cli.session import ask
from paceline.cli.watching import follow, show_failures
from paceline.cli.words import counts, progress
from paceline.grammar import parse_duration
from paceline.model.task import FINAL_STATES, TaskState
from paceline.model.views import JobView, TaskView

if TYPE_CHECKING:
    from paceline.sdk.client import Client


@click.command()
@selectors_argument()
@click.option("--any/--all", "first", default=False, help="Until one of them is over, or all (the default).")
@click.option("--timeout", default="", metavar="DURATION", help="Give up after so long, with exit code 124.")
@click.option(
    "--exit-infra-only", is_flag=True, help="Exit 0 unless something failed that is not the tasks' own doing."
)
@asks
def wait(face: Face, selectors: tuple[str, ...], *, first: bool, timeout: str, exit_infra_only: bool) -> int:
    """Wait until jobs are over.

    Exits with the program's code for one task, with 0 or 1 for several.
    """
    seconds = parse_duration(timeout, "--timeout") if timeout else None

    async def waiting(client: Client) -> int:
        targets = await resolve(client, selectors)
        code = await wait_for(client, face, targets, enough=1 if first else 0)
        if exit_infra_only:
            return exits.of_infrastructure(await _failed(client, targets))
        return code

    async def at_most(client: Client) -> int:
        try:
            return await asyncio.wait_for(waiting(client), seconds)
        except TimeoutError:
            face.remark(f"still not over after {timeout}")
            return exits.TIMED_OUT

    return ask(face, at_most)


async def wait_for(
    client: Client, face: Face, targets: Sequence[Target], *, enough: int = 0, display: Displaying = display
) -> int:
    """Wait, tell how it went, and return the exit code."""
    with display(face) as shown:
        views = await follow(client, targets, shown, enough=enough) if targets else []
    whole = {target.job.job for target in targets if not target.ranges}
    ended = [view for view in views if view.job in whole and view.state in FINAL_STATES]
    parts = [target for target in targets if target.ranges]
    tasks = [task for target in parts for task in [each async for each in tasks_of(client, target, PAGE)]]
    await _tell(client, face, ended)
    return await _code(client, ended, tasks)


async def _tell(client: Client, face: Face, jobs: Sequence[JobView]) -> None:
    if face.json:
        face.line({"type": "end", "jobs": forms(jobs)})
        return
    for job in jobs:
        face.remark(f"job {job.job} {job.name}: {progress(job)}" + (f" ({counts(job)})" if job.total > 1 else ""))
        if job.failed:
            await show_failures(client, face, job)


async def _code(client: Client, jobs: Sequence[JobView], tasks: Sequence[TaskView]) -> int:
    if len(jobs) == 1 and jobs[0].total == 1 and not tasks:
        (task,) = await client.tasks(jobs[0].job, limit=1)
        return exits.of_task(task)
    if len(tasks) == 1 and not jobs:
        return exits.of_task(tasks[0])
    return exits.of_jobs(jobs) or int(any(task.state != TaskState.SUCCEEDED for task in tasks))


async def _failed(client: Client, targets: Sequence[Target]) -> list[TaskView]:
    return [
        task
        for target in targets
        for task in await client.tasks(target.job.job, target.ranges, states=("FAILED",), limit=PAGE)
    ]
