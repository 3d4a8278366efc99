"""Who holds a file or a port, and what a process is. Only reads; of other users' processes little can be seen."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

_SHOWN = 60
"""Characters of a command."""


def holder(path: Path) -> int:
    """Pid of a process that has this file open, 0 if none that we may look into has.

    That is who holds a lock of ours: whoever opens such a file takes the lock or goes away. To try the lock would be to
    take it.
    """
    wanted = os.path.realpath(path)
    return next((int(fd.parts[2]) for fd in _open_files() if _leads_to(fd, wanted)), 0)


def _open_files() -> Iterator[Path]:
    for pid in psutil.pids():
        try:
            yield from Path(f"/proc/{pid}/fd").iterdir()
        except OSError:
            continue  # gone meanwhile, or not ours


def _leads_to(fd: Path, wanted: str) -> bool:
    try:
        return os.readlink(fd) == wanted  # noqa: PTH115 - thousands of them, as text
    except OSError:
        return False


def listeners() -> dict[int, int]:
    """TCP ports that are listened at on this machine, each with the pid of who does; 0: not for us to see."""
    found = psutil.net_connections("tcp")
    return {each.laddr.port: each.pid or 0 for each in found if each.laddr and each.status == psutil.CONN_LISTEN}


def is_alive(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return pid > 0 and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def command(pid: int) -> str:
    """``python3 -m paceline server``, as long as a line allows; empty where it cannot be seen."""
    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        return ""
    text = " ".join([Path(words[0]).name, *words[1:]]) if words else ""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def free_memory() -> int:
    """Bytes that a new process could have without anybody's being swapped out."""
    return int(psutil.virtual_memory().available)
