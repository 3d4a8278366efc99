"""``paceline cancel``: end tasks, and say so only when they have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paceline.cli.complete import selectors_argument
from paceline.cli.face import Face, asks
from paceline.cli.selection import resolve
from paceline.cli.session import ask
from paceline.cli.watching import follow_tasks

if TYPE_CHECKING:
    from paceline.sdk.client import Client


@click.command()
@selectors_argument()
@click.option("--reason", default="", help="Kept in the history.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the processes are gone.")
@asks
def cancel(face: Face, selectors: tuple[str, ...], *, reason: str, no_wait: bool) -> None:
    """Cancel jobs or tasks: TERM, then KILL, to whole process trees."""
    ask(face, lambda client: _cancel(client, face, selectors, reason=reason, stay=not no_wait))


async def _cancel(client: Client, face: Face, selectors: tuple[str, ...], *, reason: str, stay: bool) -> None:
    targets = [target for target in await resolve(client, selectors) if not target.is_over]
    counts = [await client.cancel(target.job.job, target.ranges, reason) for target in targets]
    total = sum(counts)
    if stay and total:
        face.remark(f"cancelling {_tasks(total)} …")
    if stay:
        for target in targets:
            await follow_tasks(client, target)
    face.show(
        lambda: {
            "cancelled": [
                {"job": target.job.job, "tasks": count, "confirmed": stay}
                for target, count in zip(targets, counts, strict=True)
            ]
        },
        ids=targets,
        text=lambda: _summary(total, len(targets), "cancelled" if stay else "asked to cancel"),
    )


def _summary(tasks: int, jobs: int, done: str) -> str:
    if not tasks:
        return "nothing to cancel: all of it is over"
    return f"{done} {_tasks(tasks)} of {jobs} job{'s' if jobs != 1 else ''}"


def _tasks(count: int) -> str:
    return f"{count} task{'s' if count != 1 else ''}"
