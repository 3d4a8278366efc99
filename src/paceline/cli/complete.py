"""Arguments that name jobs, completed with the jobs there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click
from click.shell_completion import CompletionItem

from paceline.cli.face import Face
from paceline.cli.session import ask
from paceline.model.errors import PacelineError

if TYPE_CHECKING:
    from paceline.catalog import Model
    from paceline.sdk.client import Client

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

_QUICK = 1.0
"""Seconds somebody who pressed TAB will wait."""


def selector_argument() -> Callable[[F], F]:
    """One selector."""
    return click.argument("selector", metavar="SEL", shell_complete=_jobs)


def selectors_argument() -> Callable[[F], F]:
    """At least one."""
    return click.argument("selectors", metavar="SEL...", nargs=-1, required=True, shell_complete=_jobs)


def worker_argument() -> Callable[[F], F]:
    """A worker by name or number."""
    return click.argument("name", metavar="WORKER", shell_complete=_workers)


def model_argument() -> Callable[[F], F]:
    """A model by key, name, or how its key begins."""
    return click.argument("word", metavar="MODEL", shell_complete=_models)


def models_argument() -> Callable[[F], F]:
    """At least one."""
    return click.argument("words", metavar="MODEL...", nargs=-1, required=True, shell_complete=_models)


def _jobs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    jobs = _answer(ctx, lambda client: client.jobs(limit=50))
    words = [CompletionItem("last"), CompletionItem("all")]
    words += [CompletionItem(str(job.job), help=f"{job.name} {job.state.lower()}") for job in jobs]
    return [item for item in words if str(item.value).startswith(incomplete)]


def _workers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    workers = _answer(ctx, lambda client: client.workers())
    return [CompletionItem(each.name, help=each.state.lower()) for each in workers if each.name.startswith(incomplete)]


def _models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    words = [CompletionItem("last"), CompletionItem("best")]
    words += [CompletionItem(model.key, help=model.name) for model in _answer(ctx, _newest_models)]
    return [item for item in words if str(item.value).startswith(incomplete)]


async def _newest_models(client: Client) -> Sequence[Model]:
    return await client.find_models(limit=50)


def _answer(ctx: click.Context, question: Callable[[Client], Awaitable[Sequence[T]]]) -> Sequence[T]:
    """Whatever can be had quickly; a shell that completes shows no errors."""
    face = Face(server=str(ctx.params.get("server_address") or ""))
    try:
        return ask(face, lambda client: asyncio.wait_for(question(client), _QUICK))
    except (PacelineError, TimeoutError):
        return ()
