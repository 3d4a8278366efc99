"""What ``/proc`` says about processes and their descendants, and signals that reach the right process or none.

A process is known by (pid, start time): a pid alone is given out again. Nothing here goes by name.
"""

import functools
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ZOMBIE = "ZX"
"""States of what has died already and only waits for its parent to notice."""
_CHUNK = 1 << 16
_LOADING = (0.0002, 0.0005, 0.001, 0.002)
"""Seconds between looks at a process that is being loaded."""
_SHORT = 2048
"""Bytes below which a read is the last one: the kernel fills at least half of a page if there is more."""


class Process(NamedTuple):
    """One line of ``/proc``."""

    pid: int
    parent: int
    session: int
    state: str
    started: int  # clock ticks since the machine started


def look(pid: int) -> Process | None:
    """The process as it is now. None: there is none."""
    try:
        text = read(f"/proc/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(b")") + 2 :].split()  # a program may call itself "a) b"
    return Process(pid, int(fields[1]), int(fields[3]), fields[0].decode(), int(fields[19]))


def read(path: str) -> bytes:
    """A whole file of ``/proc``. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = chunk = os.read(fd, _CHUNK)
        while len(chunk) >= _SHORT:
            chunk = os.read(fd, _CHUNK)
            data += chunk
        return data
    finally:
        os.close(fd)


def variable(pid: int, name: bytes) -> bytes:
    """Of the environment the process was started with; empty if it is not there or not ours to read."""
    _, found, rest = (b"\0" + _environment(pid)).partition(b"\0" + name + b"=")
    return rest.partition(b"\0")[0] if found else b""


def _environment(pid: int) -> bytes:
    """While a program is being loaded its process has none for a moment, so one that is empty is looked at again."""
    for seconds in _LOADING:
        try:
            found = read(f"/proc/{pid}/environ")
        except OSError:
            return b""
        process = None if found else look(pid)
        if process is None or process.state in ZOMBIE:
            return found
        time.sleep(seconds)
    return b""


def children(pid: int) -> list[int]:
    """Whatever has this process for its parent. Exact only while none of them is being reaped."""
    if not _kernel_lists_children():
        return [process.pid for process in everyone() if process.parent == pid]
    if pid == os.getpid():  # we have but one thread
        return [int(child) for child in _children_of_thread(pid, str(pid))]
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - names, not paths, are wanted
    except FileNotFoundError:
        return []
    return [int(child) for thread in threads for child in _children_of_thread(pid, thread)]


@functools.cache
def _kernel_lists_children() -> bool:
    return Path("/proc/thread-self/children").exists()


def _children_of_thread(pid: int, thread: str) -> list[bytes]:
    try:
        return read(f"/proc/{pid}/task/{thread}/children").split()
    except (FileNotFoundError, ProcessLookupError):  # the thread ended meanwhile
        return []


def everyone() -> Iterator[Process]:
    """Every process there is; costs some 10 ms."""
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit() and (process := look(int(name))) is not None:
            yield process


def families(roots: Iterable[int]) -> list[Process]:
    """These processes and all their descendants, so far as they live, parents first."""
    found: dict[int, Process] = {}
    waiting = list(roots)
    while waiting:
        pid = waiting.pop(0)
        if pid in found or (process := look(pid)) is None:
            continue
        found[pid] = process
        waiting += children(pid)
    return [process for process in found.values() if process.state not in ZOMBIE]


def send(process: Process, *signals: signal.Signals) -> None:
    """Signal exactly this process; nothing happens if it is gone, even if another has its pid by now, or not ours."""
    with suppress(ProcessLookupError, PermissionError):
        handle = os.pidfd_open(process.pid)
        try:
            now = look(process.pid)  # whoever it is, the handle holds it
            if now is not None and now.started == process.started:
                for signum in signals:
                    signal.pidfd_send_signal(handle, signum)
        finally:
            os.close(handle)
