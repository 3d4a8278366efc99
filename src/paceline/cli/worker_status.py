"""``paceline worker --status``: a worker of this home, asked itself."""

import difflib
import http.client
import json
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paceline.cli.face import Face
from paceline.cli.table import pairs, styled
from paceline.cli.words import about
from paceline.model.errors import Unreachable
from paceline.wire.whereabouts import WorkerWhereabouts, read_workers

PATIENCE = 5.0
"""Seconds that a worker may take to answer."""
_COLOURS = {"healthy": "green", "degraded": "yellow"}

Health = Mapping[str, Any]


def show_status(face: Face, home: Path, name: str) -> None:
    """Of the worker of this name; of an empty one: of the only one that runs. Raises Unreachable if none answers."""
    known = read_workers(home)
    alive = [(here, health) for here in known if name in ("", here.name) and (health := asked(here))]
    if len(alive) != 1:
        raise _none(name, known) if not alive else _several([here.name for here, _ in alive])
    ((here, health),) = alive
    face.show(lambda: {"worker": dict(health)}, ids=[here.name], text=lambda: pairs(_lines(here, health)))


def asked(here: WorkerWhereabouts) -> Health | None:
    """What it says; None if it does not answer, or another one does: ports are given out anew."""
    url = urlsplit(here.http)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=PATIENCE)
    with closing(connection), suppress(OSError, ValueError, http.client.HTTPException):
        connection.request("GET", "/health")
        said = json.loads(connection.getresponse().read())
        if isinstance(said, dict) and said.get("pid") == here.pid:
            return said
    return None


def _none(name: str, known: Sequence[WorkerWhereabouts]) -> Unreachable:
    if not name:
        return Unreachable("no worker of this home runs here", hint="start one: paceline worker")
    names = [here.name for here in known]
    near = difflib.get_close_matches(name, names, 1)
    if name not in names and near:
        return Unreachable(f"no worker named {name} runs here", hint=f"did you mean --name {near[0]}?")
    return Unreachable(f"no worker named {name} runs here", hint=f"start it: paceline worker --name {name}")


def _several(names: Sequence[str]) -> Unreachable:
    return Unreachable(f"several workers run here: {', '.join(names)}", hint=f"say which: --name {names[0]}")


def _lines(here: WorkerWhereabouts, said: Health) -> list[tuple[str, str]]:
    status = str(said["status"])
    tasks = f"{said['active_tasks']} running, {said['completed_tasks']} completed, {said['failed_tasks']} failed"
    return [
        ("worker", f"{said['worker_id']} (number {said['worker']}, process {said['pid']})"),
        ("status", styled(status, colour=_COLOURS.get(status, ""))),
        ("warning", "; ".join(said["warnings"])),
        ("state", str(said["state"])),
        ("server", f"{said['server']}, {said['orchestrator_connection']}"),
        ("heartbeat", str(said["last_heartbeat"])),
        ("up", str(said["uptime"])),
        ("tasks", tasks),
        ("cpu", f"{said['cpu_usage']:.1f} %"),
        ("memory", f"{said['memory_usage']:.1f} %, {about(said['memory_usage_bytes'])}"),
        ("disk", f"{said['disk_usage']:.1f} %"),
        ("metrics", f"{here.http}/metrics"),
        ("grpc", here.grpc),
    ]
