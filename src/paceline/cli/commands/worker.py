"""``paceline worker``: start one here; look at those there are."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from paceline import grammar
from paceline.cli.complete import worker_argument
from paceline.cli.face import Face, asks, speaks
from paceline.cli.forms import form, forms
from paceline.cli.lazy import NounGroup
from paceline.cli.process_options import OFFER, WORKER, home_of, tell_unread, worker_options
from paceline.cli.session import ask
from paceline.cli.setting_options import flags, setting_options
from paceline.cli.table import pairs, state, table
from paceline.cli.words import about, age
from paceline.clock import SystemClock
from paceline.config.settings.client import SERVER_ADDRESS
from paceline.config.settings.worker import JOIN_TOKEN, WORKER_NAME
from paceline.config.sources import Settings, settings
from paceline.grammar import parse_duration
from paceline.model.errors import NotFound, Unreachable, UsageError
from paceline.model.views import WorkerView
from paceline.model.worker import Machine
from paceline.sdk.connect import refuse_strange
from paceline.wire.whereabouts import read_whereabouts

if TYPE_CHECKING:
    from paceline.sdk.client import Client


@click.group(cls=NounGroup, invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
@setting_options(*WORKER)
@click.option("--join-token-file", default="", metavar="FILE", help="For the first start; or PACELINE_JOIN_TOKEN.")
@click.option(
    "--heartbeat-interval", default="", metavar="DURATION", help="Changes nothing: the server sets it, by its --beat."
)
@click.option("--status", is_flag=True, help="Ask the worker that runs here how it is, and leave.")
@click.pass_context
@speaks
def worker(
    face: Face, ctx: click.Context, /, *, join_token_file: str, heartbeat_interval: str, status: bool, **given: object
) -> int:
    """Start a worker here, in the foreground; or with a command, look at those there are."""
    if ctx.invoked_subcommand:
        _refuse_options(ctx, ctx.invoked_subcommand)
        return 0
    found = settings("worker", flags(WORKER, {**given, "server_address": face.server}))
    if status:
        from paceline.cli.worker_status import show_status  # noqa: PLC0415 - http.client, for this alone

        show_status(face, home_of(found), found.of(WORKER_NAME))
        return 0
    options = worker_options(found, _server(found), _join_token(found, join_token_file))
    tell_unread(face, found)
    if heartbeat_interval:
        parse_duration(heartbeat_interval, "--heartbeat-interval")
        face.remark("--heartbeat-interval changes nothing here: the server sets it, by its --beat")
    from paceline.agent.app import run  # noqa: PLC0415 - gRPC and psutil, which the other commands need not pay

    return run(options)


@worker.command()
@click.option("-a", "--all", "everything", is_flag=True, help="Also those that were lost or left.")
@asks
def ls(face: Face, *, everything: bool) -> None:
    """List workers, and what of them is free."""
    found = ask(face, lambda client: client.workers(all=everything))
    now = SystemClock().now()
    heading = ("ID", "NAME", "STATE", "RUNNING", "CPUS FREE", "MEMORY FREE", "GPUS FREE", "SEEN")
    face.show(
        lambda: {"workers": forms(found)},
        ids=(each.worker for each in found),
        text=lambda: table(
            heading, [_row(each, now) for each in found], empty="no workers; start one with: paceline worker"
        ),
    )


@worker.command()
@worker_argument()
@asks
def show(face: Face, name: str) -> None:
    """Show all there is to know about a worker."""
    found = ask(face, lambda client: _one(client, name))
    face.show(lambda: {"worker": form(found)}, ids=[found.worker], text=lambda: _shown(found))


@worker.command()
@worker_argument()
@click.option("--now", is_flag=True, help="Do not wait: interrupt what it runs, which goes on elsewhere.")
@asks
def drain(face: Face, name: str, *, now: bool) -> None:
    """Let a worker finish what it runs, then leave."""
    does = "interrupts what it has, which goes on elsewhere" if now else "finishes what it has"
    _turn(face, name, lambda client, worker: client.drain(worker, now=now), f"drains: it {does}, then leaves")


@worker.command()
@worker_argument()
@asks
def resume(face: Face, name: str) -> None:
    """Give a worker that drains work again."""
    _turn(face, name, lambda client, worker: client.drain(worker, resume=True), "gets work again")


@worker.command("probe")
@setting_options(*OFFER)
@speaks
def probe_here(face: Face, /, **given: object) -> None:
    """Show what a worker started here would offer."""
    from paceline.agent.app import probe  # noqa: PLC0415 - psutil, which the other commands need not pay

    options = worker_options(settings("worker", flags(OFFER, given)), "", "")
    options.directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # its disk is what a worker offers
    machine = probe(options, SystemClock())
    face.show(lambda: {"machine": form(machine)}, ids=[machine.host], text=lambda: pairs(_offered(machine)))


def _turn(face: Face, name: str, how: Callable[[Client, int], Awaitable[None]], done: str) -> None:
    async def turn(client: Client) -> WorkerView:
        found = await _one(client, name)
        await how(client, found.worker)
        return found

    found = ask(face, turn)
    face.show(
        lambda: {"worker": found.worker, "name": found.name},
        ids=[found.worker],
        text=lambda: f"worker {found.name} {done}",
    )


async def _one(client: Client, name: str) -> WorkerView:
    workers = await client.workers(all=True)
    for each in reversed(workers):
        if name in (each.name, str(each.worker)):
            return each
    names = [each.name for each in workers]
    near = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"workers: {', '.join(names) or 'none'}"
    raise NotFound(f"there is no worker {name!r}", hint=hint)


# ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _row(view: WorkerView, now: float) -> Sequence[str]:
    has = view.machine.capacity
    return (
        str(view.worker),
        view.name,
        state(view.state) + (f" ({view.reason})" if view.reason else ""),
        str(view.running),
        f"{grammar.format_count(view.cpu_free)}/{grammar.format_count(has.cpu)}",
        f"{about(view.memory_free)}/{about(has.memory)}",
        f"{grammar.format_count(view.gpus_free)}/{len(has.gpus)}" if has.gpus else "",
        age(now - view.seen_at),
    )


def _shown(view: WorkerView) -> str:
    free = f"{grammar.format_count(view.cpu_free)} cpus, {about(view.memory_free)}"
    about_it = [
        ("worker", str(view.worker)),
        ("name", view.name),
        ("state", state(view.state) + (f" ({view.reason})" if view.reason else "")),
        ("running", str(view.running)),
        ("free", free),
    ]
    return pairs(about_it + _offered(view.machine))


def _offered(machine: Machine) -> list[tuple[str, str]]:
    has = machine.capacity
    return [
        ("host", machine.host),
        ("cpus", grammar.format_count(has.cpu)),
        ("tasks", f"at most {has.tasks} at once" if has.tasks else ""),
        ("memory", about(has.memory)),
        ("disk", about(has.disk)),
        *(("gpu", f"{gpu.vendor} {gpu.model} {about(gpu.memory)} {gpu.uuid}") for gpu in has.gpus),
        ("labels", " ".join(f"{key}={value}" for key, value in machine.labels)),
        ("can", " ".join(machine.features)),
        ("python", machine.python),
        ("ends", grammar.format_moment(machine.ends_at) if machine.ends_at else ""),
    ]


# ── starting one ────────────────────────────────────────────────────────────────────────────────────────────────────


def _refuse_options(ctx: click.Context, verb: str) -> None:
    """They mean the worker that starts here; before a verb they would quietly mean nothing."""
    for param in ctx.command.params:
        if ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE:
            option = param.opts[0]
            raise UsageError(f"{option}: stands before {verb!r}", hint=f"paceline worker {verb} … {option}")


def _join_token(found: Settings, file: str) -> str:
    """Never from the command line, which every user of the host can read."""
    if not file:
        return found.of(JOIN_TOKEN)
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise UsageError(f"--join-token-file: {file} cannot be read: {error.strerror}") from None


def _server(found: Settings) -> str:
    home = home_of(found)
    if wanted := found.of(SERVER_ADDRESS):
        refuse_strange(found, wanted, home)
        return wanted
    here = read_whereabouts(home)
    if here is None:
        hint = "name one with --server or PACELINE_SERVER, or start one here with `paceline up`"
        raise Unreachable("no Paceline server is known on this machine", hint=hint)
    return here.address
