"""Signals, as something to read: they interrupt nothing."""

import contextlib
import signal
import socket
from collections.abc import Iterable
from types import FrameType


class Signals:
    """Catches these signals from now on. ``fileno`` is readable when some have come."""

    def __init__(self, caught: Iterable[signal.Signals]) -> None:
        self._read, write = socket.socketpair()
        self._read.setblocking(False)  # noqa: FBT003 - the socket's own parameter
        write.setblocking(False)  # noqa: FBT003
        self._write = write
        signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
        for signum in caught:
            signal.signal(signum, _noted)

    def fileno(self) -> int:
        return self._read.fileno()

    def come(self) -> set[int]:
        """Numbers of those that have come since."""
        with contextlib.suppress(BlockingIOError):
            return set(self._read.recv(4096))
        return set()


def _noted(signum: int, frame: FrameType | None) -> None:
    """Python calls this besides waking us; there is nothing left to do."""
