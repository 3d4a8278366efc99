"""What the supervisor costs: no-op calls through warm processes, and ``true`` beside a bare ``posix_spawn`` loop.

python -m bench.parts.pool    prints calls/s by one and by two processes; programs/s and their share of the bare loop's
"""

import base64
import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cloudpickle

from paceline.executor import SOCKET, Call, Decoder, Ended, Launch, Retire, Settle, ToSupervisor, encode

FRAME = 64
CALLS = 128_000
PROGRAMS = 2_000
IN_FLIGHT = 4


class Agent:
    """Just enough of one to keep a supervisor busy."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        command = [sys.executable, "-m", "paceline.supervisor", str(directory)]
        self.process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)
        assert self.process.stdout
        assert self.process.stdout.readline()  # it listens
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(directory / SOCKET))
        self._decoder = Decoder()

    def say(self, word: ToSupervisor) -> None:
        self.socket.sendall(encode(word))

    def ended(self) -> int:
        """How many attempts ended since; all must have succeeded."""
        count = 0
        for word in self._decoder.feed(self.socket.recv(1 << 18)):
            if isinstance(word, Ended):
                assert set(word.outcomes) == {"SUCCEEDED"}, word
                self.say(Settle(keys=word.keys))
                count += len(word.keys)
        return count

    def keep_busy(self, order: Callable[[int], ToSupervisor], size: int, total: int, at_a_time: int) -> float:
        """Orders of ``size`` attempts, so many at a time. Attempts per second."""
        began, given, over = time.perf_counter(), 0, 0
        while over < total:
            while given < total and given - over <= (at_a_time - 1) * size:
                self.say(order(given))
                given += size
            over += self.ended()
        return total / (time.perf_counter() - began)

    def call(self, first: int) -> Call:
        code = base64.b64encode(cloudpickle.dumps(_same)).decode() if first == 0 else ""
        return Call(
            keys=[f"1.{index}#1" for index in range(first, first + FRAME)],
            kind="function",
            digest="same",
            python=sys.executable,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
            cwd=str(self.directory),
            logs=str(self.directory / "logs"),
            blobs=[json.dumps({"code": code}).encode() if code else b"", *[pickle.dumps(((1,), {}), 5)] * FRAME],
        )

    def launch(self, number: int) -> Launch:
        out, cwd = str(self.directory / f"{number % 100}.out"), str(self.directory)
        return Launch(
            keys=[f"2.{number}#1"],
            argv=["true"],
            env={"PATH": "/usr/bin:/bin"},
            own=[{}],
            cwds=[cwd],
            outs=[out],
            errs=[out],
        )


def bare(out: str) -> float:
    """``true`` by nothing but ``posix_spawn`` and ``wait``, per second."""
    files = [(os.POSIX_SPAWN_OPEN, fd, out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for fd in (1, 2)]
    began = time.perf_counter()
    for started in range(PROGRAMS + IN_FLIGHT):
        if started >= IN_FLIGHT:
            os.wait()
        if started < PROGRAMS:
            os.posix_spawn("/usr/bin/true", ["true"], {}, file_actions=files)
    return PROGRAMS / (time.perf_counter() - began)


def _same(x: object) -> object:
    return x


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        agent = Agent(Path(name))
        agent.keep_busy(agent.call, FRAME, 40 * FRAME, 2)  # two processes start
        for processes in (1, 2):
            rate = agent.keep_busy(lambda first: agent.call(first + FRAME), FRAME, CALLS, processes)
            sys.stdout.write(f"no-op calls, {processes} at a time: {rate:,.0f}/s\n")
        for _ in range(3):
            ours, theirs = agent.keep_busy(agent.launch, 1, PROGRAMS, IN_FLIGHT), bare(f"{name}/bare.out")
            sys.stdout.write(f"true: {ours:,.0f}/s; a bare loop: {theirs:,.0f}/s; {ours / theirs:.0%}\n")
        agent.say(Retire())
        agent.process.wait()


if __name__ == "__main__":
    main()
