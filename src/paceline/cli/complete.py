"""Arguments that name jobs, completed with the jobs there are."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import click
from click.shell_completion import CompletionItem

from paceline.cli.face import Face
from paceline.cli.session import ask
from paceline.model.errors import PacelineError

F = TypeVar("F", bound=Callable[..., object])

_QUICK = 1.0
"""Seconds somebody who pressed TAB will wait."""


def selector_argument() -> Callable[[F], F]:
    """One selector."""
    return click.argument("selector", metavar="SEL", shell_complete=_jobs)


def selectors_argument() -> Callable[[F], F]:
    """At least one."""
    return click.argument("selectors", metavar="SEL...", nargs=-1, required=True, shell_complete=_jobs)


def _jobs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    face = Face(server=str(ctx.params.get("server") or ""))
    try:
        jobs = ask(face, lambda client: asyncio.wait_for(client.jobs(limit=50), _QUICK))
    except (PacelineError, TimeoutError):
        return []
    words = [CompletionItem("last"), CompletionItem("all")]
    words += [CompletionItem(str(job.job), help=f"{job.name} {job.state.lower()}") for job in jobs]
    return [item for item in words if str(item.value).startswith(incomplete)]
