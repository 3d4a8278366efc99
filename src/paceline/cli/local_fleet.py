"""A server and workers on this machine, as child processes of ``paceline up``."""

import fcntl
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
from paceline.cli.whereabouts import Whereabouts, read_whereabouts
from paceline.clock import Clock
from paceline.model.errors import Conflict, PacelineError

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

    def bring_up(self, server: Sequence[str], worker: Callable[[str, str], Sequence[str]]) -> str:
        """Start the server and, once it answers, the workers; its address. ``worker(name, address)`` → argv."""
        process = self.keeper.add("server", server)
        address = self._answering(process)
        for name in self.workers:
            self.keeper.add(name, worker(name, address))
        return address

    def keep(self) -> None:
        """Until told to stop. Raises PacelineError when the server cannot be kept running."""
        while not self._told.is_set():
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
            return subprocess.Popen(
                [sys.executable, "-m", "paceline", *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _answering(self, process: Process) -> str:
        until = self.clock.steady() + START_SECONDS
        while self.clock.steady() < until and not self._told.is_set():
            here = read_whereabouts(self.home)
            if here is not None and here.pid == process.pid:
                return here.address
            if process.poll() is not None:
                raise PacelineError(f"the server did not start: {self._last_words('server')}", hint=self._see("server"))
            self._told.wait(_LOOK)
        raise PacelineError(f"the server did not answer within {START_SECONDS:g} s", hint=self._see("server"))

    def _tell(self, death: Death) -> None:
        how = f"exit code {death.code}" if death.code >= 0 else f"signal {-death.code}"
        words = self._last_words(death.name)
        if death.again_in < START_SECONDS * 2:
            self.said(f"{death.name} died ({how}), again in {death.again_in:g} s: {words}")
        elif death.name == "server":
            raise PacelineError(f"the server cannot run: {words}", hint=self._see("server"))
        else:
            self.said(f"{death.name} cannot run ({how}): {words}")

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
        try:
            lines = self._log(name).read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return "\n  ".join(lines[-_LAST_WORDS:])


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
    """Whether a process has this number. A stale file may name a number that was given out anew; the server's own
    address then decides, for a second server of the same home is refused by its store."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _is_paceline(pid)


def _is_paceline(pid: int) -> bool:
    try:
        return b"paceline" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True
