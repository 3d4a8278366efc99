"""What the tasks wrote down themselves, read as it grows: a second opinion on what ran, when, and beside whom."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paceline.executors.tree import ZOMBIE, look

TICKS = 100
"""Of ``/proc``, per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An attempt that began."""

    key: str
    pid: int
    at: float  # seconds since the machine started

    @property
    def task(self) -> str:
        return self.key.partition("#")[0]

    @property
    def alive(self) -> bool:
        """Its process is there, and not a later one of the same number."""
        found = look(self.pid)
        return found is not None and found.state not in ZOMBIE and found.started / TICKS <= self.at + 0.02


class Witness:
    """``follow`` often: an attempt that begins while an earlier one of its task still runs is caught in the act."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        self.begun: dict[str, Begun] = {}
        self.times: Counter[str] = Counter()
        self.ended: dict[str, float] = {}  # key → when
        self.rivals: list[tuple[Begun, Begun]] = []
        self._tasks: dict[str, list[Begun]] = defaultdict(list)
        self._read = 0
        self._rest = b""

    def follow(self) -> None:
        """Take in what was written since."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            what, key, pid, at = line.decode().split()
            if what == "end":
                self.ended[key] = float(at)
            else:
                self._take(Begun(key=key, pid=int(pid), at=float(at)))

    def attempts(self, task: str) -> Sequence[Begun]:
        """Those of a task that began, in order."""
        return self._tasks[task]

    def running(self) -> list[Begun]:
        """Begun, not ended, and alive."""
        return [each for each in self.begun.values() if each.key not in self.ended and each.alive]

    def _take(self, begun: Begun) -> None:
        self.times[begun.key] += 1
        for earlier in self._tasks[begun.task]:
            if earlier.key != begun.key and earlier.key not in self.ended and earlier.alive:
                self.rivals.append((earlier, begun))
        self.begun[begun.key] = begun
        self._tasks[begun.task].append(begun)


def uptime() -> float:
    """Seconds since the machine started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
