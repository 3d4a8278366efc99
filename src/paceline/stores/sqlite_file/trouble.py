"""What SQLite says when it cannot read or write, and what that means.

*Passing*: nothing was written and nothing is lost; the same may work a moment later, once somebody saw to it. No space,
a quota, a file system that is read-only for now, somebody who has the file open.

Final: everything else, and above all an fsync that failed. The kernel then forgets that what it was given is not on the
disk, so that the next fsync succeeds without having written it. Who tries again believes what is not so.
"""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from paceline.model.errors import StoreError

_LITTLE = 1 << 16
"""Bytes; with less free, SQLite may fail to make a file and know no reason."""

SQLITE_BUSY = 5  # sqlite3.SQLITE_BUSY and the like exist as numbers only
SQLITE_IOERR = 10
SQLITE_FULL = 13
SQLITE_CONSTRAINT = 19
SQLITE_NOTADB = 26
SQLITE_IOERR_FSYNC = SQLITE_IOERR | 4 << 8
SQLITE_IOERR_DIR_FSYNC = SQLITE_IOERR | 5 << 8


class Passing(StoreError):
    """Nothing can be written for now, and nothing was: the same may work a moment later, once somebody did ``cure``."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(
            f"store: {what}", hint=f"{cure}, then start the server again: all that was acknowledged is there"
        )
        self.what = what
        self.cure = cure


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Say what SQLite says of the file as a StoreError that tells what to do. A Passing one may be over by itself."""
    try:
        yield
    except sqlite3.Error as error:
        raise _plain(path, error) from error
    except OverflowError as error:  # sqlite3's way to say that a number has more than 64 bits
        raise StoreError(f"store: {path}: {error}") from error


def _plain(path: Path, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0)
    kind = code & 0xFF  # the rest of it is detail
    if code in (SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC):
        return _broken(path, "the disk did not make durable what it was given")
    if kind == SQLITE_BUSY:
        return Passing(f"{path}: {error}", "end the program that has it open")
    if kind not in (SQLITE_FULL, SQLITE_IOERR):
        return StoreError(f"store: {path}: {error}", hint=_HINTS.get(kind, ""))
    fault = errno.ENOSPC if kind == SQLITE_FULL else _fault(path.parent)
    if fault == errno.EIO:
        return _broken(path, "the disk fails")
    what, cure = _PASSING.get(fault, (f"{path}: {error}", "see to the disk, or to your quota"))
    return Passing(what.format(path.parent), cure)


def _broken(path: Path, what: str) -> StoreError:
    hint = "see to the disk (`dmesg` tells more), then start the server again: all that was acknowledged is there"
    return StoreError(f"store: {path}: {what}", hint=hint)


_HINTS: Mapping[int, str] = {
    SQLITE_CONSTRAINT: "the batch contradicts what is kept; nothing of it was",
    SQLITE_NOTADB: "give the path of a Paceline store, or of a file that does not exist yet",
}

_PASSING: Mapping[int, tuple[str, str]] = {
    errno.ENOSPC: ("no space left on {}", "free some space"),
    errno.EDQUOT: ("the quota on {} is used up", "free some space, or have it raised"),
    errno.EROFS: ("{} is mounted read-only", "find out why, and mount it for writing"),
}


def _fault(directory: Path) -> int:
    """SQLite keeps the error's number to itself: the one that the disk gives to us; 0: none."""
    found = os.statvfs(directory)
    if found.f_bavail * found.f_frsize < _LITTLE:
        return errno.ENOSPC
    try:
        with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
            file.write(bytes(_LITTLE))
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno or 0
    return 0
