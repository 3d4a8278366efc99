"""The command line: CPU of ``paceline --help``, and how long ``paceline ps`` takes where there are 10,000 tasks."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figure import Figure, Row, Sample, at_most
from bench.fleet import Fleet, server_only
from paceline.model.job import JobSpec, Range, Spec
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client

FEW, MANY = 100, 1000
"""Jobs that the tasks are divided among: tables of a page or two, and of more than anybody reads."""
TASKS = 10_000
PACELINE = str(Path(sys.executable).with_name("paceline"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Milliseconds."""

    wall: float
    cpu: float


@contextmanager
def filled() -> Iterator[tuple[Path, Path]]:
    """Homes of two servers with as many waiting tasks, in few jobs and in many."""
    with server_only() as few, server_only() as many:
        bridge().run(_fill(few, FEW))
        bridge().run(_fill(many, MANY))
        yield few.home, many.home


async def _fill(fleet: Fleet, jobs: int) -> None:
    run = Spec(kind="command", body=b'{"argv": ["true"]}')
    async with Client(fleet.options) as client:
        for number in range(jobs):
            spec = JobSpec(name=f"job-{number}", run=run, ranges=(Range(start=0, stop=TASKS // jobs),))
            await client.submit([spec])


def play(homes: tuple[Path, Path]) -> Sample:
    asked, (few, many) = run("--help"), (run("ps", home=home) for home in homes)
    return {"help": asked.cpu, "ps": few.wall, "ps cpu": few.cpu, "ps many": many.wall}


def run(*argv: str, home: Path | None = None) -> Spent:
    """A command as a user gives it, its output thrown away. Raises if it fails.

    What is installed is compiled, so here too: by the first round, which does not count.
    """
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **({"PACELINE_HOME": str(home)} if home else {})}
    began = time.perf_counter()
    process = subprocess.Popen([PACELINE, *argv], stdout=subprocess.DEVNULL, env=env)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, argv
    return Spent(wall=wall * 1e3, cpu=(used.ru_utime + used.ru_stime) * 1e3)


FIGURE = Figure(
    name="cli",
    setting=filled,
    play=play,
    rows=(
        Row(key="help", says="`paceline --help`, CPU", unit="ms", bars=at_most(150)),
        Row(key="ps", says=f"`paceline ps` with {TASKS:,} tasks in {FEW} jobs, wall", unit="ms", bars=at_most(300)),
        Row(key="ps cpu", says="the same, CPU of the command", unit="ms"),
        Row(key="ps many", says=f"`paceline ps` with as many in {MANY:,} jobs, wall", unit="ms"),
    ),
)
