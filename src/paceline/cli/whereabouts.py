"""The server that runs from a home, as it says itself."""

import json
from dataclasses import dataclass
from pathlib import Path

from paceline.config import ServerOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where it answers, and its process."""

    address: str  # host:port
    pid: int


def read_whereabouts(home: Path) -> Whereabouts | None:
    """What the last server of this home left; None if there was none. It may be gone since."""
    try:
        said = json.loads(ServerOptions(home=home).whereabouts.read_text())
        return Whereabouts(address=str(said["address"]), pid=int(said["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
