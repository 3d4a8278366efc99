"""Keeping processes running: one that dies is started again, after a pause that doubles while it keeps dying.

``check`` is one look at all of them; whoever owns a keeper calls it when something may have happened and at the time
that it returned. Processes are started through the ``start`` that it is given, which a test replaces by its own.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from paceline.clock import Clock

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
STEADY = 10.0
"""Seconds after which a process is taken to run well, so that its next death counts as the first."""
HOPELESS = (2, 77)
"""Exit codes that another start would not change: wrong words, not allowed."""


class Process(Protocol):
    """The part of ``subprocess.Popen`` that a keeper needs."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process ended that should not have."""

    name: str
    code: int  # exit code, or minus a signal
    again_in: float  # seconds; infinity: it is given up


@dataclass(slots=True, kw_only=True)
class _Kept:
    argv: Sequence[str]
    process: Process
    since: float
    pause: float = FIRST_PAUSE
    due: float = math.inf  # when to start it again; infinity while it runs
    wanted: bool = True  # false once it was told to stop, or cannot run


@dataclass(slots=True, kw_only=True)
class Keeper:
    """Processes by name, in the order in which they were added."""

    start: Callable[[str, Sequence[str]], Process]
    clock: Clock
    _kept: dict[str, _Kept] = field(default_factory=dict)

    def add(self, name: str, argv: Sequence[str]) -> Process:
        """Start a process and keep it running from now on."""
        process = self.start(name, argv)
        self._kept[name] = _Kept(argv=argv, process=process, since=self.clock.steady())
        return process

    def start_later_as(self, name: str, argv: Sequence[str]) -> None:
        """From its next start on."""
        self._kept[name].argv = argv

    def check(self) -> tuple[list[Death], float]:
        """Note who died, start again who is due; and seconds until the next one is."""
        now = self.clock.steady()
        deaths = [death for name, kept in self._kept.items() if (death := _mourn(name, kept, now))]
        for name, kept in self._kept.items():
            if kept.wanted and kept.due <= now:
                kept.process, kept.since, kept.due = self.start(name, kept.argv), now, math.inf
        return deaths, min((kept.due for kept in self._kept.values() if kept.wanted), default=math.inf) - now

    def running(self, names: Sequence[str]) -> list[str]:
        """Those of them that run."""
        return [name for name in names if name in self._kept and self._kept[name].process.poll() is None]

    def pids(self, names: Sequence[str]) -> set[int]:
        """Process numbers of those that run."""
        return {self._kept[name].process.pid for name in self.running(names)}

    def stop(self, names: Sequence[str], *, by_force: bool = False) -> None:
        """Ask these to end, or make them; they are not started again."""
        for name in names:
            kept = self._kept[name]
            kept.wanted = False
            if kept.process.poll() is None:
                kept.process.kill() if by_force else kept.process.terminate()


def _mourn(name: str, kept: _Kept, now: float) -> Death | None:
    code = kept.process.poll()
    if code is None or not kept.wanted or kept.due < math.inf:
        return None
    if code in HOPELESS:
        kept.wanted = False
        return Death(name=name, code=code, again_in=math.inf)
    kept.pause = FIRST_PAUSE if now - kept.since >= STEADY else kept.pause
    pause, kept.pause = kept.pause, min(kept.pause * 2, LONGEST_PAUSE)
    kept.due = now + pause
    return Death(name=name, code=code, again_in=pause)
