"""One warm process: a Python that waits for calls, its output files, and how to talk to it."""

import contextlib
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from paceline.executor import Call
from paceline.executors.channel import SIZE, Caller, Record, Task
from paceline.executors.launch import Program
from paceline.executors.reaper import Gone, Reaper
from paceline.model.errors import LaunchError

GRACE = 5.0
"""Seconds for what a process leaves behind when it dies by itself."""
_BELLS = 4096
_TAIL = 4096


class Pool(NamedTuple):
    """What processes must have in common to be interchangeable."""

    python: str
    env: tuple[tuple[str, str], ...]
    cwd: str
    logs: str
    memory: int = 0


def pool_of(order: Call) -> Pool:
    return Pool(order.python, tuple(sorted(order.env.items())), order.cwd, order.logs, order.memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where a process's output goes, for as long as it lives."""

    out: Path
    err: Path

    def lengths(self) -> tuple[int, int]:
        """Bytes written so far."""
        return _length(self.out), _length(self.err)

    def last_words(self) -> str:
        """The last line on stderr."""
        try:
            data = self.err.read_bytes()[-_TAIL:]
        except FileNotFoundError:
            return ""
        lines = data.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def remove_if_empty(self) -> None:
        """Nobody will ask for nothing."""
        for path in (self.out, self.err):
            if not _length(path):
                path.unlink(missing_ok=True)


class Warm:
    """Once started it may still be importing: a call waits in its file until it is taken up."""

    def __init__(self, pool: Pool, files: Files) -> None:
        self.pool = pool
        self.files = files
        self.out_end = self.err_end = 0  # where the output of the last task stopped
        self.up = False  # it has taken up a call
        self.broken = False  # it scribbled over its records
        self.bell, self._theirs = socket.socketpair()
        self.bell.setblocking(False)  # noqa: FBT003 - the socket's own parameter
        self._caller = Caller()

    def start(self, reaper: Reaper, gone: Gone) -> None:
        """Raises LaunchError, or OSError if its output finds no place; then there is nothing to close."""
        fds = (self._theirs.fileno(), self._caller.fd)
        try:
            with _inherited(*fds):
                self.tree = reaper.start(_program(self.pool, self.files, *fds), GRACE, gone)
        except (LaunchError, OSError):
            self.close()
            raise
        finally:
            self._theirs.close()

    def call(self, task: Task, keys: Sequence[str], payloads: Sequence[bytes]) -> None:
        """Begin a call; the one before has ended."""
        size = self._caller.write(task, keys, payloads)
        with contextlib.suppress(OSError):  # it died, or closed its end: its end as a process will tell
            self.bell.send(SIZE.pack(size))

    def heard(self) -> bool:
        """The bell was rung. False: it will never be again."""
        try:
            return self.bell.recv(_BELLS) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def began_at(self) -> float:
        """When it took up the call; 0: not yet."""
        return self._caller.began_at()

    def records(self) -> list[Record]:
        """Tasks that finished since this was asked last; none any more once it scribbled over them."""
        try:
            records = [] if self.broken else self._caller.records()
        except ValueError:
            self.broken = True
            return []
        self.up = self.up or self._caller.began_at() > 0
        return records

    def skip(self, index: int) -> None:
        """This task of the call is not to begin any more."""
        self._caller.skip(index)

    def dismiss(self) -> None:
        """Nothing more will be asked: it takes that as the order to leave, and we hear no more of it."""
        with contextlib.suppress(OSError):  # it has left already
            self.bell.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """It is gone."""
        self.bell.close()
        self._caller.close()
        self.files.remove_if_empty()


@contextlib.contextmanager
def _inherited(*fds: int) -> Iterator[None]:
    """What is started inside the block has these open; we have one thread, so nothing else has."""
    for fd in fds:
        os.set_inheritable(fd, True)  # noqa: FBT003
    try:
        yield
    finally:
        for fd in fds:
            os.set_inheritable(fd, False)  # noqa: FBT003


def _program(pool: Pool, files: Files, bell: int, calls: int) -> Program:
    # -P: a file of the user's in the directory must not stand in for a module that the process itself needs.
    argv = [pool.python, "-P", "-m", "paceline.executors.pool_child", str(bell), str(calls)]
    out, err = str(files.out), str(files.err)
    return Program(argv=argv, env=dict(pool.env), cwd=pool.cwd, out=out, err=err, memory=pool.memory)


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
