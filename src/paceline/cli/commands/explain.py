"""``paceline explain``: why a task does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paceline.cli.complete import selector_argument
from paceline.cli.face import Face, asks
from paceline.cli.forms import form
from paceline.cli.selection import one_job, tasks_of
from paceline.cli.session import ask
from paceline.cli.table import state
from paceline.cli.words import explained
from paceline.model.ids import JobId, TaskId
from paceline.model.views import Explanation, TaskView

if TYPE_CHECKING:
    from paceline.sdk.client import Client

_STUCK = ("BLOCKED", "WAITING", "BACKOFF")


@click.command()
@selector_argument()
@asks
def explain(face: Face, selector: str) -> None:
    """Say why a task does not run: all causes, the nearest miss, and the smallest change that would let it.

    Of a job with several tasks, the first one that waits is explained.
    """
    task, explanation = ask(face, lambda client: _explanation(client, selector))
    name = TaskId(JobId(task.job), task.index)
    face.show(
        lambda: {"explanation": {"id": str(name), **form(explanation)}},
        ids=[name],
        text=lambda: _text(name, task, explanation),
    )


async def _explanation(client: Client, selector: str) -> tuple[TaskView, Explanation]:
    target = await one_job(client, selector)
    waiting = await client.tasks(target.job.job, target.ranges, states=_STUCK, limit=1)
    task = waiting[0] if waiting else [each async for each in tasks_of(client, target, 1)][0]
    return task, await client.explain(TaskId(JobId(task.job), task.index))


def _text(name: TaskId, task: TaskView, explanation: Explanation) -> str:
    return f"{name} is {state(task.state)}\n{explained(explanation)}"
