"""Who spent the processor: CPU seconds of each process of a fleet, by the part it plays.

A process's part is read off its command line. Processes of a user that are over count for their supervisor's
``programs``, as the kernel adds them up for who waited for them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

PARTS = ("client", "server", "store keep", "store read", "agent", "supervisor", "pool", "programs")
POOL = "paceline.executors.pool_child"  # says nothing of the home: its supervisor does
_WORDS = {
    "server": "server",
    "keep": "store keep",
    "read": "store read",
    "worker": "agent",
    "paceline.supervisor": "supervisor",
}


class Meter:
    """CPU of a fleet while the context lasts."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._before: Mapping[str, float] = {}
        self.seconds: Mapping[str, float] = {}
        """Of each part; ``client`` is this process."""

    def __enter__(self) -> "Meter":
        self._before = _so_far(self._home)
        return self

    def __exit__(self, *exc: object) -> None:
        after = _so_far(self._home)
        self.seconds = {part: after.get(part, 0.0) - self._before.get(part, 0.0) for part in PARTS}

    def serving(self) -> float:
        """Seconds of the server and its store."""
        return sum(self.seconds[part] for part in ("server", "store keep", "store read"))

    def split(self, tasks: int) -> Mapping[str, float]:
        """µs per task of each part."""
        return {part: seconds / tasks * 1e6 for part, seconds in self.seconds.items()}


def _so_far(home: Path) -> Mapping[str, float]:
    spent = defaultdict(float, client=_own(psutil.Process()))
    for part, process in parts(home):
        spent[part] += _own(process)
        if part == "supervisor":
            times = process.cpu_times()
            spent["programs"] += times.children_user + times.children_system
    return spent


def parts(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Every process of the fleet under this home, once."""
    pool: set[psutil.Process] = set()
    for process in psutil.process_iter():
        try:
            part = _part(process.cmdline(), str(home))
            if part:
                yield part, process
            if part == "supervisor":
                pool |= {child for child in process.children(recursive=True) if POOL in child.cmdline()}
        except psutil.NoSuchProcess:
            continue
    yield from (("pool", process) for process in pool)


def _part(argv: list[str], home: str) -> str:
    if "-m" not in argv or not any(word.startswith(home) for word in argv):
        return ""
    module = argv.index("-m") + 1
    return next((_WORDS[word] for word in argv[module : module + 2] if word in _WORDS), "")


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system
