"""``paceline mlflow``: jobs whose runs MLflow keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paceline.cli.complete import selectors_argument
from paceline.cli.face import Face, asks
from paceline.cli.lazy import NounGroup
from paceline.cli.selection import whole_jobs
from paceline.cli.session import ask
from paceline.cli.tracking import follow_runs
from paceline.config import of_caller
from paceline.model.errors import UsageError
from paceline.train.mlflow_runs import check_installed

if TYPE_CHECKING:
    from paceline.sdk.client import Client


@click.group(cls=NounGroup)
def mlflow() -> None:
    """Keep metrics and close runs of jobs in MLflow."""


@mlflow.command()
@selectors_argument()
@click.option("--mlflow", "uri", default="", metavar="URI", help="Where; default: MLFLOW_TRACKING_URI.")
@asks
def follow(face: Face, selectors: tuple[str, ...], *, uri: str) -> None:
    """Log what jobs report as metrics, and close the runs of attempts that are over, until all jobs are.

    May be interrupted and repeated at any time: what is there already is not logged again.
    """
    where = uri or of_caller("MLFLOW_TRACKING_URI") or ""
    if not where:
        raise UsageError("mlflow: where is it?", hint="--mlflow URI, or MLFLOW_TRACKING_URI")
    check_installed()

    async def following(client: Client) -> list[int]:
        jobs = [job.job for job in await whole_jobs(client, selectors)]
        await follow_runs(client, jobs, where)
        return jobs

    jobs = ask(face, following)
    closed = f"closed the MLflow runs of job{'s' if len(jobs) > 1 else ''} {', '.join(map(str, jobs))}"
    face.show(lambda: {"jobs": jobs}, ids=jobs, text=lambda: closed)
