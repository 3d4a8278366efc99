"""``paceline up``: everything on this machine, with one command."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING

import click

from paceline import config
from paceline.agent.app import offered_gpus, processors, usable_memory
from paceline.cli.commands.dashboard import login_address
from paceline.cli.face import Face, speaks
from paceline.cli.local_fleet import LocalFleet, alone
from paceline.cli.process_options import UP, home_of, log_of, record_options
from paceline.cli.session import ask_home
from paceline.cli.setting_options import flags, setting_options
from paceline.clock import SystemClock
from paceline.config import ServerOptions
from paceline.config.settings.server import SERVER_GRPC_PORT
from paceline.config.settings.worker import OFFERED_CPUS, OFFERED_GPUS, OFFERED_MEMORY
from paceline.config.sources import Settings, settings
from paceline.grammar import format_count, parse_count
from paceline.model.worker import WorkerState
from paceline.wire.whereabouts import read_whereabouts

if TYPE_CHECKING:
    from paceline.sdk.client import Client

JOIN_SECONDS, JOIN_LOOK = 15.0, 0.05


@click.command()
@click.option(
    "--workers", "count", type=click.IntRange(0, 64), default=1, metavar="N", help="How many workers; default 1."
)
@click.option("--cpus", default="", metavar="N", help="Processors of each; default: a fair part of the machine's.")
@setting_options(*UP)
@record_options
@speaks
def up(face: Face, /, *, count: int, cpus: str, **given: str) -> int:
    """Start a server and local workers, and keep them running until Ctrl-C."""
    found = settings("server", flags(UP, given))
    port, place, logging = found.of(SERVER_GRPC_PORT), home_of(found), _logging(found)
    offers, recording = _offers(cpus, count), _recording(given["record"], given["record_payloads"])
    with alone(place):
        fleet = LocalFleet(home=place, clock=SystemClock(), said=face.remark, workers=tuple(offers))
        with fleet.attended():
            try:
                address = fleet.bring_up(
                    str(port),
                    lambda port: ("server", "--home", str(place), "--port", port, *logging, *recording),
                    lambda name, address: (*_worker(place, name, address), *offers[name], *logging),
                )
                page = ask_home(place, lambda client: _ready(client, fleet))
                _tell(face, address, fleet, page)
                fleet.keep()
            finally:
                face.remark("stopping …")
                fleet.bring_down()
    return 0


async def _ready(client: Client, fleet: LocalFleet) -> str:
    """Once all workers are there: where the dashboard is, with a code that logs in."""
    await _joined(client, fleet)
    here = read_whereabouts(fleet.home)
    return await login_address(client, here.http) if here is not None else ""


async def _joined(client: Client, fleet: LocalFleet) -> None:
    """Wait until all workers are ready, so that what is typed next finds them; not for one that died."""
    until = fleet.clock.steady() + JOIN_SECONDS
    while fleet.clock.steady() < until and not fleet.told_to_stop and len(fleet.pids()) == len(fleet.workers):
        ready = {view.machine.pid for view in await client.workers() if view.state == WorkerState.READY}
        if fleet.pids() <= ready:
            return
        await asyncio.sleep(JOIN_LOOK)


def _recording(record: str, record_payloads: str) -> Sequence[str]:
    """The same words for the server."""
    contents = ("--record-payloads",) if record_payloads else ()
    return ("--record", str(Path(record).absolute()), *contents) if record else ()


def _logging(found: Settings) -> Sequence[str]:
    """The same words for all of them: wrong ones are told here, and not in a file."""
    options = log_of(found)
    return ("--log-level", options.level, "--log-format", options.form or "json")


def _worker(home: Path, name: str, address: str) -> Sequence[str]:
    return ("worker", "--home", str(home), "--server", address, "--name", name)


def _names(count: int) -> Sequence[str]:
    host = gethostname()
    return (host,) if count == 1 else tuple(f"{host}-{number + 1}" for number in range(count))


def _offers(cpus: str, count: int) -> Mapping[str, Sequence[str]]:
    """Of each worker: as asked, or the machine's shared evenly. Several would otherwise each offer all of it."""
    found, share = settings("worker"), max(count, 1)
    asked = parse_count(cpus, "--cpus") if cpus else round(found.of(OFFERED_CPUS) * 1000)
    memory = found.of(OFFERED_MEMORY) or usable_memory() // share
    each = ("--cpus", format_count(max(asked or processors(0) // share, 1)), "--memory", f"{memory}B")
    devices = [gpu.uuid for gpu in offered_gpus(found.of(OFFERED_GPUS))] if count > 1 else []
    return {name: (*each, *words) for name, words in zip(_names(count), dealt(devices, count), strict=True)}


def dealt(devices: Sequence[str], workers: int) -> Sequence[Sequence[str]]:
    """GPUs for each worker, in words of its command line: none twice, none left over. No words where there are none."""
    if not devices:
        return [()] * workers
    return [("--gpus", ",".join(devices[number::workers]) or "none") for number in range(workers)]


def _tell(face: Face, address: str, fleet: LocalFleet, page: str) -> None:
    home, workers = fleet.home, fleet.workers
    token = ServerOptions(home=home).admin_token
    elsewhere = "" if home == config.home() else f"  export PACELINE_HOME={home}\n"
    face.show(
        lambda: {
            "type": "ready",
            "address": address,
            "dashboard": page,
            "token_file": str(token),
            "workers": list(workers),
        },
        ids=[address],
        text=lambda: (
            f"server     {address}\n"
            f"dashboard  {page}\n"
            f"workers    {', '.join(workers) or 'none'}\n"
            f"token      {token}\n\n"
            "Try in another terminal:\n"
            f"{elsewhere}"
            "  paceline run -- echo hello\n"
            "  paceline ps\n"
            "Ctrl-C stops it all.\n"
        ),
    )
