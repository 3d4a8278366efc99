"""``paceline logs``: what tasks have written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paceline.cli import exits
from paceline.cli.complete import selector_argument
from paceline.cli.face import Face, asks
from paceline.cli.output import TAIL_LINE, print_pages
from paceline.cli.selection import one_task, resolve_tasks
from paceline.cli.session import ask
from paceline.cli.watching import task_over
from paceline.model.ids import JobId, TaskId

if TYPE_CHECKING:
    from paceline.sdk.client import Client

MANY = 100
"""Tasks whose output is printed at once."""


@click.command()
@selector_argument()
@click.option("-f", "--follow", is_flag=True, help="Until the task is over; exit with its code.")
@click.option("--tail", type=click.IntRange(0), default=None, metavar="N", help="The last N lines only.")
@click.option("--stdout", "stream", flag_value="out", help="Standard output only.")
@click.option("--stderr", "stream", flag_value="err", help="Standard error only.")
@click.option(
    "--attempt", type=click.IntRange(1), default=None, metavar="N", help="Of this attempt; default: the latest."
)
@asks
def logs(face: Face, selector: str, *, follow: bool, tail: int | None, stream: str | None, attempt: int | None) -> int:
    """Print what tasks have written: stdout to stdout, stderr to stderr. Also of tasks that failed or were lost."""
    reading = Reading(attempt=attempt or 0, stream=stream or "", follow=follow, lines=-1 if tail is None else tail)
    if follow:
        return ask(face, lambda client: _follow(client, face, selector, reading))
    return ask(face, lambda client: _print(client, face, selector, reading))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What of a task's output is wanted."""

    attempt: int  # 0: the latest
    stream: str  # "out", "err", or "" for both
    follow: bool
    lines: int  # the last so many; below 0: all

    async def print(self, client: Client, face: Face, task: TaskId) -> None:
        """Print it."""
        size = -1 if self.lines < 0 else max(self.lines, 1) * TAIL_LINE
        pages = client.logs(task, attempt=self.attempt, stream=self.stream, follow=self.follow, tail=size)
        await print_pages(face, str(task), pages, self.lines)


async def _print(client: Client, face: Face, selector: str, reading: Reading) -> int:
    tasks = [TaskId(JobId(task.job), task.index) for task in await resolve_tasks(client, [selector], limit=MANY)]
    for task in tasks:
        if len(tasks) > 1:
            face.remark(click.style(f"── {task} ──", bold=True))
        await reading.print(client, face, task)
    return 0


async def _follow(client: Client, face: Face, selector: str, reading: Reading) -> int:
    view = await one_task(client, selector)
    task = TaskId(JobId(view.job), view.index)
    await reading.print(client, face, task)
    if not reading.attempt:
        await task_over(client, task)
    return exits.of_task(await one_task(client, str(task)))
