"""Our directory while we live: locked, swept of what a dead predecessor left, and listened in."""

import fcntl
import os
import socket
import sys
from pathlib import Path

from paceline.executors.memory import clear
from paceline.supervisor.options import Options
from paceline.supervisor.sweep import sweep
from paceline.unix import address


class Occupied(Exception):
    """Another supervisor lives there."""


class Place:
    """Raises Occupied, or OSError when the directory is of no use."""

    def __init__(self, options: Options) -> None:
        self._options = options
        options.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _lock(options.lock)
        left = sweep(options.roster, options.name)
        if left:
            sys.stderr.write(f"of an earlier supervisor, these processes do not die: {left}\n")
        clear(options.groups)
        self.listener = _bind(options.socket, socket.SOCK_STREAM)
        self.listener.listen(8)
        self.reports = _bind(options.reports, socket.SOCK_DGRAM)
        self._inode = options.socket.stat().st_ino

    def reachable(self) -> bool:
        """An agent would find us: the directory was not removed, or made anew, under our feet."""
        try:
            return self._options.socket.stat().st_ino == self._inode
        except OSError:
            return False

    def leave(self) -> None:
        """Nobody is to look for us here any more."""
        self.listener.close()
        self.reports.close()
        if self.reachable():
            for path in (self._options.socket, self._options.reports, self._options.roster):
                path.unlink(missing_ok=True)
            clear(self._options.groups)
        os.close(self._lock)


def _lock(path: Path) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(lock, 64).decode().strip()
        os.close(lock)
        raise Occupied(f"{path.parent}: supervisor {pid} lives here") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _bind(path: Path, kind: int) -> socket.socket:
    path.unlink(missing_ok=True)  # of a predecessor; we hold the lock
    bound = socket.socket(socket.AF_UNIX, kind)
    bound.setblocking(False)  # noqa: FBT003 - the socket's own parameter
    before = os.umask(0o177)
    with address(path) as where:
        bound.bind(where)
    os.umask(before)  # tasks inherit it
    return bound
