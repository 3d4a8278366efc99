"""Start one program, or say in a sentence why it cannot be started and what to do about it.

``posix_spawn`` does not copy our memory and so costs the same however large we are. It cannot change directory, and we
have but one thread: so we go where the program is to start, and come back.
"""

import errno
import os
import signal
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paceline.executor import disk_fault
from paceline.model.errors import LaunchError

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
_DEFAULT = tuple(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})
_STDIN = (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
_FULL = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start. It begins in a session of its own, reading nothing."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    out: str
    err: str
    memory: int = 0  # bytes that its tree may use; 0: as much as there is
    found: str = ""  # where one like it was found a moment ago


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A process, its program, and how long its output files were when it began."""

    pid: int
    path: str
    out_start: int
    err_start: int


def start(program: Program, mark: Mapping[str, str]) -> Started:
    """Start it with its environment and ``mark``. Raises LaunchError, or OSError if its output finds no place."""
    if not program.argv:
        raise LaunchError("the command is empty", hint="give a program to run")
    _enter(program.cwd)
    try:
        return _spawn(_locate(program), program, mark)
    finally:
        os.chdir("/")


def _enter(directory: str) -> None:
    try:
        os.chdir(directory)
    except (OSError, ValueError) as error:
        reason = _reason(error)
        raise LaunchError(
            f"cannot start in directory {directory!r}: {reason}", hint="create it on the worker, or give another cwd"
        ) from error


def _locate(program: Program) -> str:
    if program.found.startswith(os.sep) and os.access(program.found, os.X_OK):
        return program.found
    name, path = program.argv[0], program.env.get("PATH", os.defpath)
    for place in [name] if os.sep in name else [f"{directory or '.'}/{name}" for directory in path.split(":")]:
        if os.access(place, os.X_OK) and not stat.S_ISDIR(os.stat(place).st_mode):  # noqa: PTH116 - thousands a second
            return place
    if os.sep not in name:
        hint = "install it on the worker, or give its whole path"
        raise LaunchError(f"there is no program {name!r} in PATH ({path})", hint=hint)
    if Path(name).is_dir():
        raise LaunchError(f"{name!r} is a directory, not a program")
    if Path(name).exists():
        raise LaunchError(f"{name!r} is not executable", hint=f"chmod +x {name}, or run it by its interpreter")
    raise LaunchError(f"there is no program {name!r}, seen from directory {program.cwd!r}", hint="check the path")


def _spawn(path: str, program: Program, mark: Mapping[str, str]) -> Started:
    out = _open(program.out)
    try:
        err = _open(program.err)
        try:
            out_start, err_start = os.fstat(out).st_size, os.fstat(err).st_size
            pid = _posix_spawn(path, program, {**program.env, **mark}, (_STDIN, _onto(out, 1), _onto(err, 2)))
            return Started(pid=pid, path=path, out_start=out_start, err_start=err_start)
        finally:
            os.close(err)
    finally:
        os.close(out)


def _open(path: str) -> int:
    try:
        return os.open(path, _APPEND, 0o600)
    except OSError as error:
        if disk_fault(error):
            raise
        raise LaunchError(f"cannot write output to {path!r}: {_reason(error)}") from error


def _onto(source: int, target: int) -> tuple[int, int, int]:
    return (os.POSIX_SPAWN_DUP2, source, target)


def _posix_spawn(path: str, program: Program, env: Mapping[str, str], files: Sequence[tuple[object, ...]]) -> int:
    argv = list(program.argv)
    try:
        return os.posix_spawn(path, argv, env, file_actions=files, setsid=True, setsigmask=(), setsigdef=_DEFAULT)
    except (OSError, ValueError, TypeError) as error:
        raise _refused(path, program, error) from error


def _refused(path: str, program: Program, error: Exception) -> LaunchError:
    code = error.errno if isinstance(error, OSError) else 0
    if code == errno.ENOEXEC:
        hint = f"begin the script with a line like #!/bin/sh, or run: sh {path}"
        return LaunchError(f"{path!r} is neither a script that names its interpreter nor a program for here", hint=hint)
    if code == errno.ENOENT:
        return LaunchError(f"{path!r} needs an interpreter that is not here: {_first_line(path)}", hint="install it")
    if code == errno.E2BIG:
        size = sum(map(len, program.argv)) + sum(len(k) + len(v) for k, v in program.env.items())
        return LaunchError(f"arguments and environment are too long ({size} characters)", hint="pass data in a file")
    if code in _FULL:
        return LaunchError(f"the machine cannot start another process: {_reason(error)}")
    return LaunchError(f"cannot start {path!r}: {_reason(error)}")


def _first_line(path: str) -> str:
    if not stat.S_ISREG(Path(path).stat().st_mode):
        return path
    with Path(path).open("rb") as file:
        line = file.readline(256).rstrip()
    return line.decode(errors="replace") if line.startswith(b"#!") else "the one it was linked for"


def _reason(error: Exception) -> str:
    """ "No such file or directory" → "no such file or directory"."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return text[:1].lower() + text[1:]
