"""Where the server of a home is: what it wrote down itself when it came up. It may be gone since."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from paceline import __version__
from paceline.config import ServerOptions
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
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps({"address": address, "http": http, "pid": os.getpid(), "version": __version__}))
    fresh.rename(path)


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
