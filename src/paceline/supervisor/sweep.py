"""What a supervisor that was killed left running is killed before the next one starts anything.

Exactly these, and what descends from them: processes of the roster, by pid and time; what is left in their sessions
(a session's number is not given out again while somebody is in it); and processes whose environment carries our
directory's mark. Never anything by its name.
"""

import os
import select
import signal
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from paceline.executors.loop import steady
from paceline.executors.reaper import MARK
from paceline.executors.roster import survivors
from paceline.executors.tree import Process, everyone, families, send, variable

_SECOND = os.sysconf("SC_CLK_TCK")
"""In clock ticks: by so much a process may have had a child before we took note of it."""
_LIMIT = 10.0
"""Seconds after which we start all the same: what does not die by then may never do."""


def sweep(roster: Path, name: str) -> list[int]:
    """Kill all of it, wait until it is gone. Returns the pids that would not go."""
    recorded = dict(survivors(roster))
    return end_all(lambda: _left(recorded, name))


def end_all(look: Callable[[], list[Process]]) -> list[int]:
    """Kill what a look finds, and look again, until there is nothing. Returns the pids that would not go."""
    deadline = steady() + _LIMIT
    while left := look():
        for process in left:
            send(process, signal.SIGKILL)
        if steady() > deadline:
            return [process.pid for process in left]
        _wait(left)
    return []


def _left(recorded: Mapping[int, int], name: str) -> list[Process]:
    mark = f"{name}:".encode()
    roots = [process.pid for process in everyone() if _is_ours(process, recorded, mark)]
    return [process for process in families(roots) if process.pid != os.getpid()]


def _is_ours(process: Process, recorded: Mapping[int, int], mark: bytes) -> bool:
    if process.pid in recorded:
        return process.started <= recorded[process.pid]
    if process.session in recorded and process.started > recorded[process.session] - _SECOND:
        return True
    return variable(process.pid, MARK.encode()).startswith(mark)


def _wait(processes: Iterable[Process]) -> None:
    """Until the first of them is gone, or a moment is over."""
    poll = select.poll()
    handles = []
    for process in processes:
        try:
            handles.append(os.pidfd_open(process.pid))
        except ProcessLookupError:
            continue
        poll.register(handles[-1], select.POLLIN)
    poll.poll(50)
    for handle in handles:
        os.close(handle)
