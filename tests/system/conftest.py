"""A real server with real workers, each a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import pytest

from paceline.config import ClientOptions, ServerOptions
from paceline.model.errors import PacelineError
from paceline.model.views import WorkerView
from paceline.sdk import connect
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client

Process: TypeAlias = "subprocess.Popen[bytes]"

PATIENCE = 30.0
"""Seconds for anything to come up or go away."""


def until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait until it holds; fail with ``what`` if it does not."""
    end = time.monotonic() + patience  # noqa: TID251 - a real process keeps real time
    while not condition():
        if time.monotonic() > end:  # noqa: TID251
            pytest.fail(f"waited {patience:.0f} s in vain: {what}")
        time.sleep(0.02)


class Fleet:
    """Everything under one directory, at a port of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {**os.environ, "PACELINE_HOME": str(home)}
        self.server: Process | None = None
        self.workers: dict[str, Process] = {}
        self._port = 0

    # ── the server ───────────────────────────────────────────────────────────────────────────────────────────────

    def start_server(self, *flags: str) -> None:
        """Returns once it answers. A later start uses the port of the first one."""
        whereabouts = ServerOptions(home=self.home).whereabouts
        whereabouts.unlink(missing_ok=True)
        self.server = server = self._run("server", "server", "--port", str(self._port), *flags)
        until(lambda: whereabouts.exists() or server.poll() is not None, "the server answers")
        assert server.poll() is None, self.said("server")
        self._port = int(self.options.address.rpartition(":")[2])

    def kill_server(self) -> None:
        """As a power cut would."""
        assert self.server is not None
        self.server.kill()
        self.server.wait(PATIENCE)

    @property
    def options(self) -> ClientOptions:
        return connect.local(ServerOptions(home=self.home))

    # ── workers ──────────────────────────────────────────────────────────────────────────────────────────────────

    def start_worker(self, name: str = "w1", *flags: str) -> None:
        """Returns once the server knows it as ready."""
        process = self.workers[name] = self._run(name, "worker", "--name", name, *flags)

        def ready() -> bool:
            assert process.poll() is None, self.said(name)
            return any(view.name == name and view.state == "READY" for view in self.seen())

        until(ready, f"worker {name} is ready")

    def seen(self) -> Sequence[WorkerView]:
        """The workers that the server knows."""

        async def ask() -> Sequence[WorkerView]:
            async with Client(self.options) as client:
                return await client.workers()

        with suppress(PacelineError):
            return bridge().run(ask())
        return ()

    def kill_worker(self, name: str) -> None:
        """The agent alone; its supervisor lives on."""
        process = self.workers.pop(name)
        process.kill()
        process.wait(PATIENCE)

    # ── all ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def said(self, name: str) -> str:
        """What a process has written."""
        return (self.home / f"{name}.log").read_text()

    def stop(self) -> None:
        """Everything that was started here, however it stands."""
        for process in self.workers.values():
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGTERM)  # the second one does not wait for what runs
        for process in [*self.workers.values(), *([self.server] if self.server else [])]:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait(PATIENCE)
        for pid in self.supervisors():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def supervisors(self) -> Iterator[int]:
        """Those that live in our directories; each has written down its process."""
        for lock in self.home.glob("workers/*/supervisor.lock"):
            with suppress(OSError, ValueError):
                pid = int(lock.read_text())
                if b"paceline.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    yield pid

    def _run(self, name: str, *words: str, prefix: Sequence[str] = (), **env: str) -> Process:
        with (self.home / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*prefix, sys.executable, "-m", "paceline", *words],
                env=self.env | env,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


@pytest.fixture
def new_fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Nothing runs yet, and whatever the test starts is gone after it."""
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.stop()


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A server and one worker of four processors, shared by all tests that leave it as it was."""
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    fleet.start_server()
    fleet.start_worker("w1", "--cpus", "4")
    yield fleet
    fleet.stop()
