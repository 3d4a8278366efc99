"""How much the supervisor costs: no-op calls through one warm process, and ``true`` beside a bare ``posix_spawn`` loop.

python bench/pool.py            prints calls/s, programs/s, and the programs' share of the bare loop's
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
from collections.abc import Iterator
from pathlib import Path

import cloudpickle

from paceline.executor import SOCKET, Call, Decoder, Ended, Launch, Retire, Settle, ToSupervisor, encode

FRAME = 64
CALLS = 300_000
PROGRAMS = 3_000
IN_FLIGHT = 4


class Agent:
    """Just enough of one to keep a supervisor busy."""

    def __init__(self, directory: Path) -> None:
        command = [sys.executable, "-m", "paceline.supervisor", str(directory)]
        self.process = subprocess.Popen(command, start_new_session=True)
        self.socket = socket.socket(socket.AF_UNIX)
        while self.socket.connect_ex(str(directory / SOCKET)):
            time.sleep(0.01)
        self._decoder = Decoder()

    def say(self, word: ToSupervisor) -> None:
        self.socket.sendall(encode(word))

    def ends(self) -> Iterator[int]:
        """How many attempts ended, each time some do. All must have succeeded."""
        while True:
            for word in self._decoder.feed(self.socket.recv(1 << 18)):
                if isinstance(word, Ended):
                    assert set(word.outcomes) == {"SUCCEEDED"}, word
                    self.say(Settle(keys=word.keys))
                    yield len(word.keys)


def calls(agent: Agent, directory: Path) -> float:
    """No-op calls per second; one frame at a time, so there is one process."""
    code = base64.b64encode(cloudpickle.dumps(lambda x: x)).decode()
    body = json.dumps({"code": code, "python": f"{sys.version_info.major}.{sys.version_info.minor}"}).encode()
    ends, began = agent.ends(), 0.0
    for first in range(0, CALLS + FRAME, FRAME):
        agent.say(
            Call(
                keys=[f"1.{index}#1" for index in range(first, first + FRAME)],
                kind="function",
                digest="noop",
                python=sys.executable,
                env={"PATH": os.environ["PATH"]},
                cwd=str(directory),
                logs=str(directory / "logs"),
                blobs=[b"" if first else body, *(pickle.dumps(((index,), {}), 5) for index in range(FRAME))],
            )
        )
        ended = 0
        while ended < FRAME:
            ended += next(ends)
        began = began or time.perf_counter()  # the first frame waits for the process to start
    return CALLS / (time.perf_counter() - began)


def programs(agent: Agent, directory: Path) -> float:
    """``true`` per second, output to files."""
    began, started, running, ends = time.perf_counter(), 0, 0, agent.ends()
    while started < PROGRAMS or running:
        while started < PROGRAMS and running < IN_FLIGHT:
            out = str(directory / f"{started % 100}.out")
            env = {"PATH": "/usr/bin:/bin"}
            agent.say(Launch(key=f"2.{started}#1", argv=["true"], env=env, cwd=str(directory), out=out, err=out))
            started, running = started + 1, running + 1
        running -= next(ends)
    return PROGRAMS / (time.perf_counter() - began)


def bare(directory: Path) -> float:
    """The same by nothing but ``posix_spawn`` and ``wait``."""
    out = str(directory / "bare.out")
    files = [(os.POSIX_SPAWN_OPEN, fd, out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for fd in (1, 2)]
    began = time.perf_counter()
    for started in range(PROGRAMS + IN_FLIGHT):
        if started >= IN_FLIGHT:
            os.wait()
        if started < PROGRAMS:
            os.posix_spawn("/usr/bin/true", ["true"], {}, file_actions=files)
    return PROGRAMS / (time.perf_counter() - began)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        agent = Agent(directory)
        sys.stdout.write(f"no-op calls: {calls(agent, directory):,.0f}/s\n")
        for _ in range(3):
            ours, theirs = programs(agent, directory), bare(directory)
            sys.stdout.write(f"true: {ours:,.0f}/s, bare loop {theirs:,.0f}/s: {ours / theirs:.0%}\n")
        agent.say(Retire())
        agent.process.wait()


if __name__ == "__main__":
    main()
