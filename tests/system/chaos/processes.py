"""Which process of a cluster is which, by who started it and what it was told."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from paceline.executors.reaper import MARK
from paceline.executors.tree import ZOMBIE, Process, children, everyone, look, read, variable


def store_process(server: int, role: str) -> int:
    """The server's process that keeps ("keep") or reads ("read"); 0: there is none."""
    return next((pid for pid in children(server) if words_of(pid)[3:5] == ["paceline.stores.sqlite_file", role]), 0)


def supervisor(home: Path, worker: str) -> int:
    """Of this worker; 0: there is none. It wrote itself down."""
    try:
        pid = int((home / "workers" / worker / "supervisor.lock").read_text())
    except (OSError, ValueError):
        return 0
    return pid if "paceline.supervisor" in words_of(pid) and _lives(pid) else 0


def guard(supervising: int) -> int:
    """Of this supervisor: its parent; 0: there is none any more."""
    found = look(supervising)
    return found.parent if found is not None and "paceline.supervisor" in words_of(found.parent) else 0


def pool_processes(supervising: int) -> list[int]:
    """Warm processes of a supervisor."""
    return [pid for pid in children(supervising) if "paceline.executors.pool_child" in words_of(pid)]


def commands(supervising: int) -> list[int]:
    """Programs that a supervisor runs: the first process of each."""
    pool = set(pool_processes(supervising))
    return [pid for pid in children(supervising) if pid not in pool and _lives(pid)]


def leftovers(home: Path) -> Iterator[Process]:
    """Every process that was started from this home: by its environment, or as a supervisor or a store of it."""
    for process in everyone():
        if process.state not in ZOMBIE and (_belongs(home, process.pid) or _serves(home, words_of(process.pid))):
            yield process


def described(process: Process) -> str:
    """Its words, its state, whose child it is, who started it when."""
    words = " ".join(words_of(process.pid))[:200]
    mark = variable(process.pid, MARK.encode()).decode()
    seconds = process.started / os.sysconf("SC_CLK_TCK")
    return f"process {process.pid} ({process.state}), child of {process.parent}, of {mark} at {seconds:.2f}: {words}"


def _belongs(home: Path, pid: int) -> bool:
    return any(variable(pid, name).startswith(bytes(home)) for name in (b"PACELINE_HOME", b"PACELINE_REPORTS"))


def _serves(home: Path, words: Sequence[str]) -> bool:
    ours = {"paceline.supervisor", "paceline.stores.sqlite_file"} & set(words)
    return bool(ours) and any(word.startswith(f"{home}/") for word in words)


def of_job(home: Path, job: int) -> list[Process]:
    """Living processes of a job's tasks, whoever is their parent now."""
    return [
        process
        for process in everyone()
        if process.state not in ZOMBIE
        and variable(process.pid, b"PACELINE_JOB_ID") == str(job).encode()
        and variable(process.pid, b"WITNESS").startswith(str(home).encode())
    ]


def _lives(pid: int) -> bool:
    found = look(pid)
    return found is not None and found.state not in ZOMBIE


def words_of(pid: int) -> list[str]:
    """What it was started with; empty if it is not there."""
    try:
        return read(f"/proc/{pid}/cmdline").decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []
