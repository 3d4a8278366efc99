"""What this machine does at this moment, so that two runs can be compared: rates of three bare loops.

The spawn loop is C where a compiler is there, for then it is the ceiling; else ``os.posix_spawn``.
"""

import functools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.figure import Row

SPAWN_SOURCE = Path(__file__).with_name("spawn.c")
PROGRAMS = 1000
IN_FLIGHT = 4
"""Programs at a time: as many as keep two processors busy."""
ROWS = (
    Row(key="python", says="the bare machine: steps of a Python loop", unit="/s", yardstick="none"),
    Row(key="spawn", says="the bare machine: programs", unit="/s", yardstick="none"),
    Row(key="fsync", says="the bare machine: durable writes", unit="/s", yardstick="none"),
)
"""What of it stands in the table, to tell by its spread how quiet the machine was."""
_PYTHON_STEPS = 300_000
_WRITES = 200


def measure() -> Mapping[str, float]:
    """Per second: steps of a Python loop, programs, durable writes."""
    return {"python": python(), "spawn": spawn(PROGRAMS // 2), "fsync": fsync()}


def python() -> float:
    """Steps of a loop that touches a dict, a list and an int."""
    began, table, rows = time.perf_counter(), {}, []
    for number in range(_PYTHON_STEPS):
        table[number & 1023] = number
        rows.append(number)
    return _PYTHON_STEPS / (time.perf_counter() - began)


def fsync() -> float:
    """Appends of 4 KiB, each safe on disk."""
    with tempfile.TemporaryFile() as file:
        began = time.perf_counter()
        for _ in range(_WRITES):
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
        return _WRITES / (time.perf_counter() - began)


def spawn(programs: int = PROGRAMS) -> float:
    """``true`` with its output in files, by nothing but ``posix_spawn`` and ``wait``."""
    with tempfile.TemporaryDirectory() as place:
        loop = _spawner()
        if not loop:
            return _python_spawn(programs, place)
        argv = [loop, str(programs), str(IN_FLIGHT), place]
        return float(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


@functools.cache
def _spawner() -> str:
    """The compiled loop; empty: no compiler here."""
    compiler = shutil.which("cc")
    if compiler is None:
        return ""
    target = Path(__file__).parents[1] / ".bench" / "spawn"
    target.parent.mkdir(exist_ok=True)
    subprocess.run([compiler, "-O2", "-o", target, SPAWN_SOURCE], check=True)
    return str(target)


def language() -> str:
    """What the spawn loop is written in here."""
    return "C" if _spawner() else "Python"


def _python_spawn(programs: int, place: str) -> float:
    began = time.perf_counter()
    for number in range(programs + IN_FLIGHT):
        if number >= IN_FLIGHT:
            os.wait()
        if number < programs:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            files = [(os.POSIX_SPAWN_OPEN, fd, f"{place}/{number % 64}.{fd}", flags, 0o600) for fd in (1, 2)]
            os.posix_spawn("/usr/bin/true", ["true"], os.environ, file_actions=files)
    return programs / (time.perf_counter() - began)
