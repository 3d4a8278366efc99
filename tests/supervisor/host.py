"""A real supervisor in a directory of its own, and a small agent that waits for its words with a deadline."""

import contextlib
import json
import os
import pickle
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from paceline.executor import SOCKET, Call, Decoder, Ended, Holds, Launch, Word, encode
from paceline.executors.end import End
from paceline.executors.loop import steady
from paceline.executors.tree import ZOMBIE, look
from paceline.unix import address

W = TypeVar("W")
PATIENCE = 20.0
"""Seconds for anything to happen; only a failing test waits that long."""


class Agent:
    """One connection."""

    def __init__(self, directory: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        with address(directory / SOCKET) as where:
            self.socket.connect(where)
        self._decoder = Decoder()
        self.words: list[Word] = []
        self.ends: dict[str, End] = {}
        self.holds = self.wait(Holds)

    def say(self, *words: Word) -> None:
        self.socket.sendall(b"".join(map(encode, words)))

    def until(self, seen: Callable[[], bool]) -> None:
        """Listen until this is so."""
        deadline = steady() + PATIENCE
        while not seen():
            left = deadline - steady()
            assert left > 0, f"waited in vain; heard: {self.words}"
            if select.select([self.socket], [], [], left)[0]:
                self._listen()

    def _listen(self) -> None:
        data = self.socket.recv(1 << 18)
        assert data, f"the supervisor hung up; heard: {self.words}"
        for word in self._decoder.feed(data):
            self.words.append(word)
            if isinstance(word, Ended):
                self.ends.update({end.key: end for end in rows(word)})

    def wait(self, kind: type[W], key: str = "") -> W:
        """The first word of this kind (about this key), heard already or not."""

        def found() -> list[W]:
            return [w for w in self.words if isinstance(w, kind) and (not key or getattr(w, "key", "") == key)]

        self.until(lambda: bool(found()))
        return found()[0]

    def end(self, key: str) -> End:
        """How it ended."""
        self.until(lambda: key in self.ends)
        return self.ends[key]

    def run(self, order: Launch) -> End:
        """Start it; how it ended, or the last of them."""
        self.say(order)
        return [self.end(key) for key in order.keys][-1]

    def calls(self, order: Call) -> list[End]:
        """Begin it; how each of its keys ended."""
        self.say(order)
        return [self.end(key) for key in order.keys]

    def hung_up(self) -> bool:
        """Listen until the supervisor ends the connection."""
        with contextlib.suppress(ConnectionResetError):
            while self.socket.recv(1 << 18):
                pass
        return True

    def close(self) -> None:
        self.socket.close()


def rows(word: Ended) -> Iterator[End]:
    columns = (word.keys, word.outcomes, word.codes, word.details, word.seconds, word.out_ends, word.err_ends)
    return (End(*row) for row in zip(*columns, word.blobs, strict=True))


class Host:
    """Starts supervisors in one directory; cleans up after them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._started: list[subprocess.Popen[bytes]] = []
        self._beside: list[subprocess.Popen[bytes]] = []
        self._agents: list[Agent] = []
        self._said: list[Said] = []

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        return self._started[-1]

    def start(self, **options: object) -> Agent:
        """A supervisor with these options, and an agent connected to it."""
        process = self.run(**options)
        assert process.stdout
        assert b"listens" in process.stdout.readline()
        return self.agent()

    def run(self, **options: object) -> subprocess.Popen[bytes]:
        given = "".join(f", {name}={value}" for name, value in options.items())
        script = (
            "import sys; from pathlib import Path; from paceline.supervisor.app import run, Options;"
            f"sys.exit(run(Options(directory=Path(sys.argv[1]){given})))"
        )
        command = [sys.executable, "-c", script, str(self.directory)]
        self._started.append(subprocess.Popen(command, start_new_session=True, stdout=-1, stderr=-1))
        return self.supervisor

    def run_beside(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Something that is none of the supervisor's business."""
        self._beside.append(subprocess.Popen(command, stdout=-1, stderr=-1))
        return self._beside[-1]

    def agent(self) -> Agent:
        """One more connection."""
        self._agents.append(Agent(self.directory))
        return self._agents[-1]

    def close(self) -> None:
        for agent in self._agents:
            agent.close()
        for said in self._said:
            said.close()
        for process in (*self._started, *self._beside):
            process.terminate()
            process.communicate(timeout=PATIENCE)

    def said(self) -> "Said":
        """Somewhere to say something, at ``<directory>/said``."""
        self._said.append(Said(self.directory / "said"))
        return self._said[-1]

    def launch(self, key: str, argv: Sequence[str], *, cwd: str = "", **fields: object) -> Launch:
        """Output goes to ``<key>.out`` and ``<key>.err`` in the directory."""
        return self.series([key], argv, cwd=cwd, **fields)

    def series(self, keys: Sequence[str], argv: Sequence[str], *, cwd: str = "", **fields: object) -> Launch:
        """One after the other. Each finds its key in ``$KEY``."""
        given: dict[str, object] = {
            "env": {"PATH": os.environ["PATH"]},
            "own": [{"KEY": key} if len(keys) > 1 else {} for key in keys],
            "cwds": [cwd or str(self.directory) for _ in keys],
            "outs": [str(self.path(key, "out")) for key in keys],
            "errs": [str(self.path(key, "err")) for key in keys],
            "grace": 1.0,
        }
        return Launch(keys=keys, argv=argv, **{**given, **fields})  # type: ignore[arg-type]

    def path(self, key: str, stream: str) -> Path:
        return self.directory / f"{key}.{stream}"

    def out(self, key: str) -> str:
        return self.path(key, "out").read_text()

    def call(self, function: str, *calls: tuple[object, ...], job: int = 1, **fields: object) -> Call:
        """Calls of a function in ``functions.py``, one key each: ``<job>.0#1``, ``<job>.1#1`` …"""
        ref = f"tests.supervisor.functions:{function}"
        body = json.dumps({"ref": ref, "paths": [str(Path(__file__).parents[2])]}).encode()
        given: dict[str, object] = {
            "keys": [f"{job}.{index}#1" for index in range(len(calls))],
            "kind": "function",
            "digest": ref,
            "python": sys.executable,
            "env": {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "SAID": str(self.directory / "said")},
            "cwd": str(self.directory),
            "logs": str(self.directory / "logs"),
            "grace": 1.0,
            "blobs": [body, *(pickle.dumps((args, {}), 5) for args in calls)],
        }
        return Call(**{**given, **fields})  # type: ignore[arg-type]


class Said:
    """A named pipe into which programs of a test say that they have come so far."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._data = b""

    def line(self) -> str:
        """The next one, as soon as it comes."""
        while b"\n" not in self._data:
            assert select.select([self._fd], [], [], PATIENCE)[0], f"nothing was said; so far: {self._data!r}"
            self._data += os.read(self._fd, 4096)
        line, _, self._data = self._data.partition(b"\n")
        return line.decode()

    def close(self) -> None:
        os.close(self._fd)


def alive(pid: int) -> bool:
    """It runs; a zombie does not."""
    process = look(pid)
    return process is not None and process.state not in ZOMBIE


def reaped(pid: int) -> None:
    """Wait until it is no more, not even a zombie."""
    deadline = steady() + PATIENCE
    while look(pid) is not None:
        assert steady() < deadline, f"{pid} is still there"
        os.sched_yield()
