"""``paceline task``: tasks and their attempts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from paceline.cli.commands.explain import explain
from paceline.cli.commands.logs import logs
from paceline.cli.complete import selector_argument
from paceline.cli.face import Face, asks
from paceline.cli.forms import forms
from paceline.cli.lazy import NounGroup
from paceline.cli.selection import one_job, one_task
from paceline.cli.session import ask
from paceline.cli.table import pairs, state, table
from paceline.cli.words import about, age, ending, short
from paceline.grammar import format_moment
from paceline.model.ids import JobId, TaskId
from paceline.model.task import TaskState
from paceline.model.views import CheckpointView, ReportView, TaskView

if TYPE_CHECKING:
    from paceline.sdk.client import Client


@click.group(cls=NounGroup)
def task() -> None:
    """List and show tasks, their logs, attempts and checkpoints."""


@task.command()
@selector_argument()
@click.option(
    "--state", "states", multiple=True, type=click.Choice(list(TaskState), case_sensitive=False), help="In this state."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, metavar="N", help="At most so many; default 100.")
@asks
def ls(face: Face, selector: str, *, states: tuple[TaskState, ...], limit: int) -> None:
    """List tasks of a job, by index."""

    async def listed(client: Client) -> Sequence[TaskView]:
        target = await one_job(client, selector)
        return await client.tasks(target.job.job, target.ranges, states=states, limit=limit)

    _show_tasks(face, ask(face, listed), empty="no such tasks")


@task.command()
@selector_argument()
@asks
def show(face: Face, selector: str) -> None:
    """Show all there is to know about a task, its latest progress report included."""

    async def looked_up(client: Client) -> tuple[TaskView, Sequence[ReportView]]:
        found = await one_task(client, selector)
        return found, await client.reports(found.job, found.index)

    found, reports = ask(face, looked_up)
    latest = list(reports[-1:])
    face.show(
        lambda: {"task": forms([found])[0], "reports": forms(reports)},
        ids=[_name(found)],
        text=lambda: _shown(found, latest),
    )


@task.command()
@selector_argument()
@asks
def attempts(face: Face, selector: str) -> None:
    """List all attempts of a task, oldest first."""

    async def tried(client: Client) -> Sequence[TaskView]:
        found = await one_task(client, selector)
        return await client.attempts(TaskId(JobId(found.job), found.index))

    _show_tasks(face, ask(face, tried), empty="it has had no attempt yet")


@task.command()
@selector_argument()
@asks
def checkpoints(face: Face, selector: str) -> None:
    """List the checkpoints of a task, the one from which its next attempt goes on first.

    When its job is over, they go.
    """

    async def made(client: Client) -> Sequence[CheckpointView]:
        found = await one_task(client, selector)
        return await client.checkpoints(TaskId(JobId(found.job), found.index))

    found = ask(face, made)
    face.show(
        lambda: {"checkpoints": forms(found)},
        ids=(each.step for each in found),
        text=lambda: table(
            ("STEP", "ATTEMPT", "METRIC", "FILES", "SIZE"), [_kept(each) for each in found], empty="no checkpoints"
        ),
    )


task.add_command(logs)
task.add_command(explain)


def _show_tasks(face: Face, tasks: Sequence[TaskView], empty: str) -> None:
    face.show(
        lambda: {"tasks": forms(tasks)},
        ids=map(_name, tasks),
        text=lambda: table(
            ("TASK", "STATE", "ATTEMPT", "WORKER", "TOOK", "ENDING"), [_row(each) for each in tasks], empty=empty
        ),
    )


def _name(view: TaskView) -> TaskId:
    return TaskId(JobId(view.job), view.index)


def _row(view: TaskView) -> Sequence[str]:
    took = age(view.seconds) if view.ended_at else ""
    return (str(_name(view)), state(view.state), str(view.attempt or ""), view.worker, took, ending(view))


def _kept(view: CheckpointView) -> Sequence[str]:
    metric = "" if view.metric is None else short(view.metric)
    return (str(view.step), str(view.attempt), metric, str(view.files), about(view.bytes))


def _shown(view: TaskView, reports: Sequence[ReportView]) -> str:
    return pairs(
        [
            ("task", str(_name(view))),
            ("state", state(view.state)),
            ("attempt", str(view.attempt or "")),
            ("worker", view.worker),
            ("began", format_moment(view.granted_at) if view.granted_at else ""),
            ("ended", f"{format_moment(view.ended_at)}, after {view.seconds:.3f} s" if view.ended_at else ""),
            ("ending", ending(view)),
            ("exit code", str(view.code) if view.ended_at and view.code else ""),
            ("next try", format_moment(view.retry_at) if view.retry_at else ""),
            *((f"step {report.step}", report.values) for report in reports),
        ]
    )
