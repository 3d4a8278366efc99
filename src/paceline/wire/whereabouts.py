"""Where the processes of a home answer: what each wrote down itself when it came up. It may be gone since."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from paceline import __version__
from paceline.config import ServerOptions, WorkerOptions
from paceline.wire.address import is_loopback, split_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where it answers, and its process."""

    address: str  # host:port
    http: str  # URL of the dashboard and of REST
    pid: int


def read_whereabouts(home: Path) -> Whereabouts | None:
    """What the last server of this home left; None if there was none, or it cannot be read."""
    try:
        said = json.loads(ServerOptions(home=home).whereabouts.read_text())
        return Whereabouts(address=str(said["address"]), http=str(said.get("http", "")), pid=int(said["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_whereabouts(home: Path, address: str, http: str = "") -> None:
    """Tell everybody of this home where the server is: this process."""
    path = ServerOptions(home=home).whereabouts
    _replace(path, json.dumps({"address": address, "http": http, "pid": os.getpid(), "version": __version__}))


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, for whoever reads it meanwhile."""
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(text)
    fresh.rename(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerWhereabouts:
    """Where a worker shows how it is, and whose worker it is."""

    name: str
    http: str  # URL
    grpc: str  # host:port
    server: str  # host:port
    started_at: float
    pid: int


def read_workers(home: Path) -> list[WorkerWhereabouts]:
    """What the workers of this home left, by name; what cannot be read is left out."""
    found = []
    for path in sorted((home / "workers").glob("*/worker.json")):
        with suppress(OSError, ValueError, TypeError):
            found.append(WorkerWhereabouts(**json.loads(path.read_text())))
    return found


def write_worker(options: WorkerOptions, here: WorkerWhereabouts) -> None:
    """Tell everybody of this home where this worker is."""
    _replace(_of_worker(options), json.dumps(asdict(here)))


def remove_worker(options: WorkerOptions) -> None:
    """It is not there any more."""
    _of_worker(options).unlink(missing_ok=True)


def _of_worker(options: WorkerOptions) -> Path:
    return options.directory / "worker.json"


def socket_of(home: Path) -> Path:
    """On which the server listens for this machine's processes (``near``), besides its address."""
    return ServerOptions(home=home).directory / "server.sock"


def runs_at(home: Path, address: str) -> bool:
    """Whether the server at this address is the one that runs from this home."""
    here = read_whereabouts(home)
    return here is not None and same_server(here.address, address)


def same_server(one: str, other: str) -> bool:
    """Whether two addresses mean the same, seen from this machine."""
    if one == other:
        return True
    same_port = split_address(one)[1] == split_address(other)[1]
    return same_port and is_loopback(one) and is_loopback(other)
