"""``paceline job``: jobs, one by one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from paceline.cli.commands.best import best
from paceline.cli.commands.cancel import cancel
from paceline.cli.commands.ps import places_of, show_jobs
from paceline.cli.commands.wait import wait
from paceline.cli.complete import selector_argument, selectors_argument
from paceline.cli.face import Face, asks
from paceline.cli.forms import forms, result
from paceline.cli.lazy import NounGroup
from paceline.cli.selection import Target, one_job, whole_jobs
from paceline.cli.session import ask
from paceline.cli.table import pairs, table
from paceline.cli.words import age, brief, counts, progress
from paceline.clock import SystemClock
from paceline.grammar import format_moment
from paceline.model.job import Range
from paceline.model.task import FINAL_STATES
from paceline.model.views import JobView, ResultRow

if TYPE_CHECKING:
    from paceline.sdk.client import Client

_ANY = Range(start=0, stop=sys.maxsize)


@click.group(cls=NounGroup)
def job() -> None:
    """List, show, cancel, wait for and close jobs; print their results, and which task turned out best."""


@job.command()
@click.option("--name", default="", help="Of this name only.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, metavar="N", help="At most so many, the newest; default 100."
)
@asks
def ls(face: Face, *, name: str, limit: int) -> None:
    """List jobs, the newest first."""

    async def newest(client: Client) -> tuple[list[JobView], list[str]]:
        jobs = list(await client.jobs(name=name, limit=limit))
        return jobs, await places_of(client, jobs)

    show_jobs(face, *ask(face, newest))


@job.command()
@selectors_argument()
@asks
def show(face: Face, selectors: tuple[str, ...]) -> None:
    """Show all there is to know about jobs."""
    found = ask(face, lambda client: whole_jobs(client, selectors))
    now = SystemClock().now()
    face.show(
        lambda: {"jobs": forms(found)},
        ids=(each.job for each in found),
        text=lambda: "\n\n".join(_shown(each, now) for each in found),
    )


@job.command()
@selectors_argument()
@asks
def close(face: Face, selectors: tuple[str, ...]) -> None:
    """Close open jobs: no task will be added to them any more."""

    async def closing(client: Client) -> list[int]:
        jobs = [each.job for each in await whole_jobs(client, selectors) if each.open]
        for each in jobs:
            await client.close_job(each)
        return jobs

    closed = ask(face, closing)
    face.show(
        lambda: {"closed": closed},
        ids=closed,
        text=lambda: "\n".join(f"closed job {each}" for each in closed) or "none of them was open",
    )


@job.command()
@selector_argument()
@click.option("--after", default=-1, metavar="INDEX", help="Only tasks after this one.")
@click.option("--limit", type=click.IntRange(1), default=1000, metavar="N", help="At most so many; default 1000.")
@asks
def results(face: Face, selector: str, *, after: int, limit: int) -> None:
    """Print how the tasks of a job ended, with what they returned."""

    async def rows_of(client: Client) -> list[ResultRow]:
        return await _ended(client, await one_job(client, selector), after, limit)

    rows = ask(face, rows_of)
    face.show(
        lambda: {"results": [result(row) for row in rows]},
        ids=(row.index for row in rows),
        text=lambda: table(
            ("TASK", "OUTCOME", "CODE", "SECONDS", "RESULT"),
            [(str(r.index), r.outcome, str(r.code), f"{r.seconds:.3f}", brief(r)) for r in rows],
            empty=f"no task of {selector} has ended yet",
        ),
    )


job.add_command(best)
job.add_command(cancel)
job.add_command(wait)


async def _ended(client: Client, target: Target, after: int, limit: int) -> list[ResultRow]:
    """Those of its tasks that are meant and have ended, the first so many."""
    rows: list[ResultRow] = []
    for each in target.ranges or (_ANY,):
        last = max(after, each.start - 1)
        while len(rows) < limit and last < each.stop - 1:
            most = min(limit - len(rows), each.stop - 1 - last)
            page = await client.results(target.job.job, after=last, limit=most)
            if not page:
                break
            rows += [row for row in page if row.index in range(each.start, each.stop, each.step)]
            last = page[-1].index
    return rows


def _shown(view: JobView, now: float) -> str:
    over = view.state in FINAL_STATES
    took = age((view.ended_at or now) - view.submitted_at)
    return pairs(
        [
            ("job", str(view.job)),
            ("name", view.name),
            ("kind", view.kind),
            ("state", progress(view)),
            ("tasks", counts(view) + (" (open: more may come)" if view.open else "")),
            ("array", view.array),
            ("priority", str(view.priority) if view.priority else ""),
            ("after", ", ".join(map(str, view.after))),
            ("submitted", f"{format_moment(view.submitted_at)} by {view.owner}"),
            ("ended", f"{format_moment(view.ended_at)}, after {took}" if over else ""),
            ("experiment", view.experiment),
            ("reason", view.reason),
        ]
    )
