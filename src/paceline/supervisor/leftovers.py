"""Who is left of a supervisor, for those who only look: nothing is locked, killed or removed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paceline.executors.roster import survivors
from paceline.executors.tree import ZOMBIE, look
from paceline.supervisor.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """``supervisor``: the pid in its lock, 0: none ever was. ``processes``: pids that it started and that live."""

    supervisor: int
    processes: Sequence[int]


def leftovers(directory: Path) -> Leftovers:
    """What the files of this directory say, checked against what runs."""
    options = Options(directory=directory)
    return Leftovers(supervisor=_written(options.lock), processes=[*_alive(options.roster)])


def lock_of(directory: Path) -> Path:
    """Held by the supervisor that lives there."""
    return Options(directory=directory).lock


def _written(lock: Path) -> int:
    try:
        return int(lock.read_text())
    except (OSError, ValueError):
        return 0


def _alive(roster: Path) -> list[int]:
    """A pid that somebody else has by now began later than the moment at which ours was seen."""
    found = ((look(pid), moment) for pid, moment in survivors(roster))
    return [
        process.pid
        for process, moment in found
        if process and process.started <= moment and process.state not in ZOMBIE
    ]
