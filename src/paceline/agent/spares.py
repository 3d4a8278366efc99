"""Files and directories that attempts left behind: kept for the next ones, instead of removed and made anew.

ext4 looks through all inodes that were freed in the last minutes before it gives out one. Where thousands of attempts
come and go, that takes longer than to start a program; a rename does not.

Nothing of an attempt reaches the next one: a file is emptied, and is kept only if nobody else has it open and it is as
we made it; a directory only if it is empty.
"""

import contextlib
import fcntl
import itertools
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

from paceline.agent.sweep import remove_tree

MOST = 64
"""Of each that are kept."""
_MODE = 0o600
_rename = os.rename  # hot: no Path objects
_PLAIN = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Spares:
    """What lies in one directory, which is nobody else's. What an earlier agent kept there is removed.

    None of its methods raises OSError: without a spare everything goes its usual way.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = itertools.count()
        self._files: list[str] = []
        self._directories: list[str] = []
        remove_tree(str(directory))
        directory.mkdir(parents=True)
        self._mode = directory.stat().st_mode  # of a new directory

    def put_file(self, path: str) -> None:
        """Have an empty file there, if one is left; whoever wants to write there makes one otherwise."""
        _put(self._files, path)

    def put_directory(self, path: str) -> None:
        """The same, of a directory."""
        _put(self._directories, path)

    def take_file(self, path: str) -> None:
        """Nobody needs it any more: keep it, or remove it. One that is not there is as good as removed."""
        self._take(path, self._files, _emptied, os.unlink)

    def take_directory(self, path: str) -> bool:
        """The same. False: there is something in it."""
        return self._take(path, self._directories, self._empty, os.rmdir)

    def _empty(self, path: str) -> bool:
        return os.lstat(path).st_mode == self._mode and not os.listdir(path)  # noqa: PTH208

    def _take(self, path: str, spares: list[str], fit: Callable[[str], bool], remove: Callable[[str], None]) -> bool:
        try:
            if len(spares) < MOST and fit(path):
                spare = f"{self._directory}/{next(self._numbers)}"
                _rename(path, spare)
                spares.append(spare)
            else:
                remove(path)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


def _put(spares: list[str], path: str) -> None:
    if spares and not os.path.lexists(path):
        with contextlib.suppress(OSError):
            _rename(spares.pop(), path)


def _emptied(path: str) -> bool:
    """Empty it. False: it is not what it was, or somebody still has it open (only then no lease is given on it)."""
    try:
        file = os.open(path, _PLAIN)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or stat.S_IMODE(found.st_mode) != _MODE or found.st_nlink != 1:
            return False
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # for who opens it just now: one that nobody minds
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        if found.st_size:
            os.ftruncate(file, 0)
    except OSError:
        return False
    finally:
        os.close(file)
    return True
