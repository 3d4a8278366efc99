"""A server and workers on this machine, as child processes of ``paceline up``."""

import fcntl
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paceline.cli.keeper import Death, Keeper, Process
from paceline.clock import Clock
from paceline.model.errors import Conflict, PacelineError
from paceline.telemetry.lines import read
from paceline.wire.whereabouts import Whereabouts, read_whereabouts

START_SECONDS = 30.0
DRAIN, STOP = 3.0, 20.0
"""Seconds in which workers may finish what they run; and after that, in which they must have stopped it."""
_LOOK = 0.05
_LAST_WORDS = 5


@dataclass(slots=True, kw_only=True)
class LocalFleet:
    """Started in ``bring_up``, watched in ``keep``, ended in ``bring_down``."""

    home: Path
    clock: Clock
    said: Callable[[str], None]
    workers: Sequence[str]
    keeper: Keeper = field(init=False)
    _log_starts: dict[str, int] = field(default_factory=dict)  # bytes of earlier starts
    _told: threading.Event = field(default_factory=threading.Event)  # to stop
    _stirred: threading.Event = field(default_factory=threading.Event)  # by the end of a child, or a signal

    def __post_init__(self) -> None:
        self.keeper = Keeper(start=self._start, clock=self.clock)

    @contextmanager
    def attended(self) -> Iterator[None]:
        """While inside, SIGTERM and Ctrl-C mean to stop, and a child's end is noticed at once."""
        wanted = {signal.SIGTERM: self._told.set, signal.SIGINT: self._told.set, signal.SIGCHLD: lambda: None}
        before = {number: signal.signal(number, self._on_signal(act)) for number, act in wanted.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def bring_up(
        self, port: str, server: Callable[[str], Sequence[str]], worker: Callable[[str, str], Sequence[str]]
    ) -> str:
        """Start the server and, once it answers, the workers; its address.

        ``server(port)`` and ``worker(name, address)`` say how. A server that is started again must answer where it
        did before, even if any port was good enough the first time.
        """
        process = self.keeper.add("server", server(port))
        address = self._answering(process)
        self.keeper.start_later_as("server", server(address.rpartition(":")[2]))
        for name in self.workers:
            self.keeper.add(name, worker(name, address))
        return address

    def pids(self) -> set[int]:
        """Of the workers that run now."""
        return self.keeper.pids(self.workers)

    @property
    def told_to_stop(self) -> bool:
        return self._told.is_set()

    def keep(self) -> None:
        """Until told to stop. Raises PacelineError when the server cannot be kept running."""
        while not self.told_to_stop:
            deaths, pause = self.keeper.check()
            for death in deaths:
                self._tell(death)
            self._stirred.wait(min(pause, 3600.0))
            self._stirred.clear()

    def bring_down(self) -> None:
        """First the workers, so that the server hears from them; then the server."""
        for seconds in (DRAIN, STOP):
            self._end(self.workers, seconds)
        self.keeper.stop(self.keeper.running(self.workers), by_force=True)
        self._end(["server"], STOP)
        self.keeper.stop(self.keeper.running(["server"]), by_force=True)

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _start(self, name: str, argv: Sequence[str]) -> Process:
        """In a session of its own: Ctrl-C at the terminal is for us, and we tell the others in order."""
        path = self._log(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("ab") as log:
            self._log_starts[name] = log.tell()
            return subprocess.Popen(
                [sys.executable, "-m", "paceline", *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _answering(self, process: Process) -> str:
        until = self.clock.steady() + START_SECONDS
        while self.clock.steady() < until and not self.told_to_stop:
            here = read_whereabouts(self.home)
            if here is not None and here.pid == process.pid:
                return here.address
            if process.poll() is not None:
                raise PacelineError(f"the server did not start{self._last_words('server')}", hint=self._see("server"))
            self._told.wait(_LOOK)
        raise PacelineError(f"the server did not answer within {START_SECONDS:g} s", hint=self._see("server"))

    def _tell(self, death: Death) -> None:
        how = f"exit code {death.code}" if death.code >= 0 else f"signal {-death.code}"
        words = self._last_words(death.name)
        if math.isfinite(death.again_in):
            self.said(f"{death.name} died ({how}); it is started again in {death.again_in:g} s{words}")
        elif death.name == "server":
            raise PacelineError(f"the server cannot run ({how}){words}", hint=self._see("server"))
        else:
            self.said(f"{death.name} cannot run ({how}){words}")

    def _end(self, names: Sequence[str], seconds: float) -> None:
        """Ask them once, and wait."""
        self.keeper.stop(self.keeper.running(names))
        until = self.clock.steady() + seconds
        while self.keeper.running(names) and self.clock.steady() < until:
            self._stirred.wait(_LOOK)
            self._stirred.clear()

    def _on_signal(self, act: Callable[[], None]) -> Callable[[int, object], None]:
        def handle(number: int, frame: object) -> None:
            act()
            self._stirred.set()

        return handle

    def _log(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"

    def _see(self, name: str) -> str:
        return f"see {self._log(name)}"

    def _last_words(self, name: str) -> str:
        """What it wrote last since it was started, to be put after a sentence."""
        try:
            with self._log(name).open("rb") as log:
                log.seek(self._log_starts[name])
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return "".join(f"\n  {read(line)}" for line in lines[-_LAST_WORDS:])


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold this home for one ``up``. Raises Conflict naming what runs there already."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / "up.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _runs_already(read_whereabouts(home)) from None
        here = read_whereabouts(home)
        if here is not None and _is_alive(here.pid):
            raise _runs_already(here)
        yield


def _runs_already(here: Whereabouts | None) -> Conflict:
    if here is None:
        return Conflict("paceline up is starting here already")
    where = f"a server runs here already: {here.address}, process {here.pid}"
    return Conflict(where, hint="use it: paceline run -- COMMAND; add a worker to it: paceline worker --name NAME")


def _is_alive(pid: int) -> bool:
    """Whether that process is there and is one of ours: the number may have been given out anew."""
    try:
        os.kill(pid, 0)
        return b"paceline" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except PermissionError:
        return True
    except OSError:
        return False
