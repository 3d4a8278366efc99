"""One live server per store.

The lock belongs to an open file that the server *and* its keeping process hold, so it is free only once both are gone:
a killed server's keeping process finishes its last transaction before anybody else gets in.
"""

import asyncio
import fcntl
import os
from pathlib import Path

from paceline.model.errors import StoreError

_PAUSE = 0.05  # seconds between two tries


class Lock:
    """Held from ``take`` until every process that has ``fd`` let go of it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    async def take(cls, path: Path, patience: float) -> "Lock":
        """Wait at most ``patience`` seconds.

        Raises StoreError naming the process that holds the lock, or the directory that cannot be written.
        """
        fd = _open(path)
        try:
            await _wait(fd, patience)
            os.ftruncate(fd, 0)
            os.pwrite(fd, str(os.getpid()).encode(), 0)
        except BaseException:
            os.close(fd)
            raise
        return cls(fd)

    def release(self) -> None:
        os.close(self.fd)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        hint = "give a path in a directory that this user may write to"
        raise StoreError(f"store: {path.parent} cannot be written: {error.strerror}", hint=hint) from None


async def _wait(fd: int, patience: float) -> None:
    for _ in range(int(patience / _PAUSE)):
        if _try(fd):
            return
        await asyncio.sleep(_PAUSE)
    if not _try(fd):
        hint = "stop that server first, or give this one a store of its own"
        raise StoreError(f"store: in use by another server (pid {_holder(fd)})", hint=hint)


def _try(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(fd: int) -> str:
    return os.pread(fd, 32, 0).decode() or "unknown"
