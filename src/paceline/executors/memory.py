"""Holding a tree of processes to the memory it asked for, and saying so when it wanted more.

In a control group where we may make one: the kernel refuses what is too much, kills, and keeps count. Elsewhere by
looking at what its processes occupy, twice a second, and ending the tree that has too much: late, and told as that.
"""

import functools
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from paceline.executors.groups import Group, Home, find_home, remove_all
from paceline.executors.loop import Action, Alarm, Loop
from paceline.executors.tree import Process, read

LOOK = 0.5
"""Seconds between two looks at a tree without a group."""
_SETTLE = (0.01, 0.1, 1.0)  # seconds from the kernel's word that it is about to kill until it has, or not
_AGAIN, _TRIES = 0.1, 50  # seconds until a group is tried to be removed again, and how often
_PAGE = os.sysconf("SC_PAGE_SIZE")

Members = Callable[[], Sequence[Process]]


class Cell(Protocol):
    """One tree's memory."""

    def inside(self) -> AbstractContextManager[None]:
        """The tree's root is to be started inside."""
        ...

    def hold(self, members: Members, end: Action) -> None:
        """It runs. ``members``: its processes; ``end`` ends it at once."""
        ...

    def kill(self) -> None:
        """Kill what is in it, as far as that can be told."""
        ...

    def close(self) -> str:
        """The tree is gone. How it ran out of memory; empty: it did not."""
        ...


class Cells:
    """Of one supervisor. ``record``: the file that tells a successor where our groups are; ``proc``: where the kernel
    tells in which ones we are."""

    def __init__(self, loop: Loop, name: str, record: Path, proc: Path) -> None:
        self._loop = loop
        self._name = name
        self._record = record
        self._proc = proc

    def make(self, number: int, limit: int) -> Cell:
        """For the tree of this number. ``limit``: bytes; 0: none."""
        if not limit:
            return UNLIMITED
        try:
            return self._caged(number, limit)
        except OSError:  # no home, or none any more
            return Watched(self._loop, limit)

    def _caged(self, number: int, limit: int) -> Cell:
        return Caged(self._loop, Group(self._home, Path(f"{self._stem(self._home)}-{number}")), limit)

    @functools.cached_property
    def _home(self) -> Home:
        home = find_home(self._proc)
        self._record.write_text(str(self._stem(home)))
        return home

    def _stem(self, home: Home) -> Path:
        return home.base / f"paceline-{self._name}"


def clear(record: Path) -> None:
    """Remove the groups of a supervisor that is gone, and kill what is in them."""
    if record.exists():
        remove_all(Path(record.read_text()))
        record.unlink(missing_ok=True)


class Unlimited:
    """Whatever there is."""

    def inside(self) -> AbstractContextManager[None]:
        return _NOWHERE

    def hold(self, members: Members, end: Action) -> None:
        pass

    def kill(self) -> None:
        pass

    def close(self) -> str:
        return ""


_NOWHERE = nullcontext()
UNLIMITED = Unlimited()


class Caged:
    """Held by the kernel."""

    def __init__(self, loop: Loop, group: Group, limit: int) -> None:
        self._loop = loop
        self._group = group
        self._limit = limit
        self._bells: list[int] = []  # one or none
        self._too_large = False

    def inside(self) -> AbstractContextManager[None]:
        return self._group.inside()

    def hold(self, members: Members, end: Action) -> None:
        self._too_large = not self._group.limit(self._limit)
        if self._too_large:
            end()
        elif (bell := self._group.alarm()) >= 0:
            self._bells.append(bell)
            self._loop.read(bell, functools.partial(self._rung, bell, end))

    def _rung(self, bell: int, end: Action) -> None:
        """Version 1 kills one process; the others go with it, or they would wait for it for ever."""
        os.eventfd_read(bell)
        for seconds in _SETTLE:
            self._loop.after(seconds, lambda: end() if self._group.kills() else None)

    def kill(self) -> None:
        self._group.kill()

    def close(self) -> str:
        for bell in self._bells:
            self._loop.forget(bell)
            os.close(bell)
        told = ""
        if self._too_large or self._group.kills():
            told = sentence(max(self._group.peak(), self._limit), self._limit)
        self._remove(_TRIES)
        return told

    def _remove(self, tries: int) -> None:
        if not self._group.remove() and tries:
            self._group.kill()  # who is still here hid so well that nobody knew whose it was
            self._loop.after(_AGAIN, functools.partial(self._remove, tries - 1))


class Watched:
    """Held by us."""

    def __init__(self, loop: Loop, limit: int) -> None:
        self._loop = loop
        self._limit = limit
        self._alarms: list[Alarm] = []  # one or none
        self._peak = 0

    def inside(self) -> AbstractContextManager[None]:
        return nullcontext()

    def hold(self, members: Members, end: Action) -> None:
        self._alarms = [self._loop.after(LOOK, functools.partial(self._look, members, end))]

    def _look(self, members: Members, end: Action) -> None:
        processes = members()
        used = sum(map(occupied, processes))
        if used > self._limit:  # pages that several share were counted for each: now exactly, which takes longer
            used = sum(map(_share, processes))
        self._peak = max(self._peak, used)
        if used > self._limit:
            end()
        else:
            self.hold(members, end)

    def kill(self) -> None:
        pass

    def close(self) -> str:
        for alarm in self._alarms:
            alarm.cancel()
        if self._peak <= self._limit:
            return ""
        return f"{sentence(self._peak, self._limit)}, found by looking every {LOOK:g} s"


def sentence(peak: int, limit: int) -> str:
    """Of a tree that is gone because it wanted too much."""
    return f"killed: out of memory: peak {size(peak)} of {size(limit)}"


def size(count: int) -> str:
    """Bytes for people: ``1.02 GiB``."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 1 << power:
            return f"{round(count / (1 << power), 2):g} {unit}"
    return f"{count} B"


def occupied(process: Process) -> int:
    """Bytes of memory that it occupies, alone or with others."""
    try:
        return int(read(f"/proc/{process.pid}/statm").split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _share(process: Process) -> int:
    """Bytes, of shared ones its part; all where the kernel does not say."""
    try:
        rows = (row.split() for row in read(f"/proc/{process.pid}/smaps_rollup").splitlines())
        return next(int(row[1]) << 10 for row in rows if row[0] == b"Pss:")
    except (OSError, StopIteration, IndexError):
        return occupied(process)
