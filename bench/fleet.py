"""A server and workers of their own: real processes, under a home that is gone afterwards."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from paceline.config import ClientOptions, ServerOptions
from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Range, Spec
from paceline.sdk import connect
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client

PATIENCE = 60.0
"""Seconds until a process must be up, or down."""


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Knows its processes; ``options`` reach the server."""

    home: Path
    server: psutil.Process
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def options(self) -> ClientOptions:
        return connect.local(ServerOptions(home=self.home))

    def add_workers(self, *names: str, cpus: int = 0) -> None:
        """Start these and wait until they are linked."""
        before = bridge().run(self._linked())
        for name in names:
            argv = ["worker", "--server", self.options.address, "--name", name]
            self.processes.append(_start(self.home, *argv, *(["--cpus", str(cpus)] if cpus else [])))
        until(lambda: bridge().run(self._linked()) == before + len(names))

    def submit(self, tasks: int, payloads: Sequence[bytes] = ()) -> JobId:
        """An array of ``true``; with payloads that many individual tasks, one for each."""
        return bridge().run(self._submit(tasks, payloads))

    def run(self, tasks: int) -> None:
        """An array of ``true``, until all have succeeded."""
        bridge().run(self._run(tasks))

    async def _submit(self, tasks: int, payloads: Sequence[bytes] = ()) -> JobId:
        run = Spec(kind="command", body=b'{"argv": ["true"]}')
        spec = JobSpec(name="true", run=run, ranges=(Range(start=0, stop=tasks),))
        async with Client(self.options) as client:
            [job] = (await client.submit([spec], payloads=[payloads] if payloads else ())).jobs
            return JobId(job)

    async def _run(self, tasks: int) -> None:
        job = await self._submit(tasks)
        async with Client(self.options) as client:
            async for update in client.watch([job], interval=0.01):
                last = update.jobs[0]
        assert last.succeeded == tasks, last

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(PATIENCE)

    async def _linked(self) -> int:
        async with Client(self.options) as client:
            return len(await client.workers())


@contextmanager
def server_only() -> Iterator[Fleet]:
    """A server that nobody works for yet."""
    with tempfile.TemporaryDirectory(prefix="paceline-bench-") as name:
        home = Path(name)
        process = _start(home, "server", "--port", "0", "--http-port", "0")
        fleet = Fleet(home=home, server=psutil.Process(process.pid), processes=[process])
        try:
            until(ServerOptions(home=home).whereabouts.exists)
            yield fleet
        finally:
            fleet.stop()


@contextmanager
def ordinary() -> Iterator[Fleet]:
    """A server and one worker that offers the whole machine."""
    with server_only() as fleet:
        fleet.add_workers("bench")
        yield fleet


def until(there: Callable[[], bool], what: str = "the fleet") -> None:
    """Wait for it. Raises TimeoutError."""
    for _ in range(int(PATIENCE / 0.05)):
        if there():
            return
        time.sleep(0.05)
    raise TimeoutError(f"{what} did not come up within {PATIENCE:.0f} s")


def _start(home: Path, *argv: str) -> subprocess.Popen[bytes]:
    with (home / "log").open("ab") as log:
        command = [sys.executable, "-m", "paceline", *argv, "--home", str(home)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
