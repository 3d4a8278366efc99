"""``paceline ps``: what there is to do, and what was done lately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from paceline.cli.face import Face, asks
from paceline.cli.forms import form
from paceline.cli.pages import every_job
from paceline.cli.session import ask
from paceline.cli.table import table
from paceline.cli.words import age, progress
from paceline.clock import SystemClock
from paceline.model.task import FINAL_STATES
from paceline.model.views import JobView

if TYPE_CHECKING:
    from paceline.sdk.client import Client

ENDED = 10
"""Jobs that are over which ``ps`` shows."""
_PLACES = 3


@click.command()
@click.option("-a", "--all", "everything", is_flag=True, help="Every job there ever was.")
@asks
def ps(face: Face, *, everything: bool) -> None:
    """Show jobs that are not over, and the latest that are."""
    jobs, places, trouble = ask(face, lambda client: _seen(client, ended=1 << 60 if everything else ENDED))
    show_jobs(face, jobs, places)
    if trouble:
        face.remark(trouble)


async def _seen(client: Client, ended: int) -> tuple[list[JobView], list[str], str]:
    jobs, places = await _jobs(client, ended)
    return jobs, places, (await client.info()).trouble


def show_jobs(face: Face, jobs: Sequence[JobView], places: Sequence[str]) -> None:
    """Jobs as a table, ids or JSON."""
    now = SystemClock().now()
    heading = ("ID", "NAME", "STATE", "AGE", "TOOK", "WHERE")
    face.show(
        lambda: {"jobs": [{**form(job), "where": where.split()} for job, where in zip(jobs, places, strict=True)]},
        ids=(job.job for job in jobs),
        text=lambda: table(
            heading,
            [_row(job, where, now) for job, where in zip(jobs, places, strict=True)],
            empty="no jobs yet; submit one with: paceline run -- COMMAND",
        ),
    )


async def places_of(client: Client, jobs: Sequence[JobView]) -> list[str]:
    """Per job, the names of the first workers that hold tasks of it."""
    return [await _where(client, job) for job in jobs]


async def _jobs(client: Client, ended: int) -> tuple[list[JobView], list[str]]:
    jobs: list[JobView] = []
    async for job in every_job(client):
        if job.state in FINAL_STATES:
            ended -= 1
        if ended >= 0 or job.state not in FINAL_STATES:
            jobs.append(job)
    return jobs, await places_of(client, jobs)


async def _where(client: Client, job: JobView) -> str:
    if not job.running:
        return ""
    tasks = await client.tasks(job.job, states=("RUNNING", "ASSIGNED", "STOPPING"), limit=16)
    names = sorted({task.worker for task in tasks if task.worker})
    return " ".join(names[:_PLACES]) + (" …" if len(names) > _PLACES else "")


def _row(job: JobView, where: str, now: float) -> Sequence[str]:
    took = age(job.ended_at - job.submitted_at) if job.ended_at else ""
    return (str(job.job), job.name, progress(job), age(now - job.submitted_at), took, where)
