"""A real agent with a real supervisor, killed and restarted; only the server is the test's."""

import asyncio
import base64
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import cloudpickle
import pytest

from paceline.agent.join import Credentials, write
from paceline.config import WorkerOptions
from paceline.wire.gen import worker_pb2 as pb
from tests.agent.server import Script, serving

pytestmark = pytest.mark.system

AGENT = """
import sys
from pathlib import Path
from paceline.agent.app import run
from paceline.config import WorkerOptions
sys.exit(run(WorkerOptions(server=sys.argv[1], name="w", home=Path(sys.argv[2]), cpus=4)))
"""
cloudpickle.register_pickle_by_value(sys.modules[__name__])
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def witness(path: str) -> int:
    import pathlib  # noqa: PLC0415 - travels by value
    import time  # noqa: PLC0415

    with pathlib.Path(path, "function").open("a") as file:
        file.write("ran\n")
    print("from the function")  # noqa: T201
    while not pathlib.Path(path, "go").exists():
        time.sleep(0.01)
    return 42


class Site:
    """A home, a scripted server, and one agent process at a time."""

    def __init__(self, home: Path, script: Script, address: str) -> None:
        self.home, self.script, self.address = home, script, address
        self.directory = WorkerOptions(server=address, name="w", home=home).directory
        self.agent: asyncio.subprocess.Process

    async def start(self) -> None:
        hellos = len(self.script.hellos)
        with (self.home / "agent.log").open("ab") as log:
            self.agent = await asyncio.create_subprocess_exec(
                sys.executable, "-c", AGENT, self.address, str(self.home), stdout=log, stderr=log
            )
        await self.script.until(lambda: len(self.script.hellos) > hellos)

    async def kill(self) -> None:
        self.agent.kill()
        await self.agent.wait()

    async def grant(self, shape: int, kind: str, params: object, index: int, payload: bytes = b"") -> None:
        grant = pb.Grant(
            attempts=pb.Attempts(job=1, indexes=[index], numbers=[1]),
            shape=shape,
            spec=pb.Spec(kind=kind, body=json.dumps(params).encode(), grace=1.0),
            need=pb.Need(cpu=1000),
            payloads=[payload] if payload else [],
        )
        await self.script.say(pb.ServerWord(grant=grant))

    async def command(self, index: int, *argv: str) -> None:
        await self.grant(10 + index, "command", {"argv": argv}, index)

    async def function(self, index: int, argument: str) -> None:
        code = base64.b64encode(cloudpickle.dumps(witness)).decode()
        await self.grant(1, "function", {"code": code, "python": PYTHON}, index, pickle.dumps(((argument,), {})))

    async def ended(self, index: int) -> tuple[str, str, bytes]:
        """Outcome, detail and result of an attempt, once it was told."""
        await self.script.until(lambda: index in self._ends())
        return self._ends()[index]

    def _ends(self) -> dict[int, tuple[str, str, bytes]]:
        found: dict[int, tuple[str, str, bytes]] = {}
        for ended in (word.ended for word in self.script.heard if word.HasField("ended")):
            for position, index in enumerate(ended.indexes):
                columns = (ended.outcomes, ended.details)
                outcome, detail = [str(values[position]) if values else "" for values in columns]
                found[index] = (outcome or "SUCCEEDED", detail, ended.results[position] if ended.results else b"")
        return found

    def output(self, index: int, stream: str = "out") -> bytes:
        """What was sent of it, put together by offsets."""
        data = b""
        for chunk in (word.log for word in self.script.heard if word.HasField("log")):
            if (chunk.index, chunk.stream) == (index, stream):
                data = data[: chunk.offset] + chunk.data
        return data

    async def settle(self, *indexes: int) -> None:
        await self.script.say(pb.ServerWord(settled=pb.Attempts(job=1, indexes=indexes)))

    async def leave(self) -> int:
        await self.script.say(pb.ServerWord(drain=pb.Drain()))
        return await self.agent.wait()

    @property
    def supervisor(self) -> int:
        return int((self.directory / "supervisor.lock").read_text())


@asynccontextmanager
async def site(home: Path) -> AsyncIterator[Site]:
    script = Script()
    async with asyncio.timeout(60), serving(script) as address:
        here = Site(home, script, address)
        here.directory.mkdir(parents=True)
        write(here.directory / "key", Credentials(worker=3, key="pl_worker_x"))
        await here.start()
        try:
            yield here
        finally:
            while here.agent.returncode is None:  # the first lets work finish, the third leaves it
                here.agent.send_signal(signal.SIGTERM)
                await asyncio.wait({asyncio.ensure_future(here.agent.wait())}, timeout=0.2)
            await exists_not(here.directory / "supervisor.sock")


async def exists(path: Path) -> None:
    await _see(path.exists)


async def exists_not(path: Path) -> None:
    await _see(lambda: not path.exists())


async def _see(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(0.01)


def is_alive(pid: str) -> bool:
    return Path("/proc", pid).exists()


def run(test: Callable[[], Coroutine[object, object, None]]) -> None:
    asyncio.run(test())


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


WAIT = 'echo ran >> "$0/program"; echo early; until test -e "$0/go"; do sleep 0.01; done; echo late'


def test_work_outlives_a_killed_agent_and_ends_once(tmp_path: Path) -> None:
    async def test() -> None:
        async with site(tmp_path) as here:
            await here.command(0, "sh", "-c", WAIT, str(tmp_path))
            await here.function(1, str(tmp_path))
            await exists(tmp_path / "program")
            await exists(tmp_path / "function")
            await here.script.until(lambda: here.output(0) == b"early\n")
            await here.kill()
            (tmp_path / "go").touch()
            await here.start()
            held = [index for attempts in here.script.hellos[-1].held for index in attempts.indexes]
            assert sorted(held) == [0, 1]
            assert (await here.ended(0))[0] == "SUCCEEDED"
            outcome, _, result = await here.ended(1)
            assert (outcome, pickle.loads(result)) == ("SUCCEEDED", 42)  # noqa: S301 - our own
            assert (here.output(0), here.output(1)) == (b"early\nlate\n", b"from the function\n")
            await here.settle(0, 1)
            assert await here.leave() == 0
            assert (lines(tmp_path / "program"), lines(tmp_path / "function")) == (1, 1)

    run(test)


def test_an_end_that_was_not_settled_is_told_by_the_next_agent(tmp_path: Path) -> None:
    async def test() -> None:
        async with site(tmp_path) as here:
            await here.command(0, "sh", "-c", "echo out; exit 3")
            assert (await here.ended(0))[:2] == ("FAILED", "exit code 3")
            await here.kill()
            here.script.heard.clear()
            await here.start()
            assert (await here.ended(0))[:2] == ("FAILED", "exit code 3")
            assert here.output(0) == b"out\n"

    run(test)


def test_with_the_supervisor_its_work_is_lost_and_new_work_runs(tmp_path: Path) -> None:
    async def test() -> None:
        async with site(tmp_path) as here:
            await here.command(0, "sh", "-c", WAIT, str(tmp_path))
            await exists(tmp_path / "program")
            os.kill(here.supervisor, signal.SIGKILL)
            assert (await here.ended(0))[:2] == ("LOST", "the supervisor died")
            await here.command(1, "true")
            assert (await here.ended(1))[0] == "SUCCEEDED"

    run(test)


def test_stopping_kills_the_whole_tree(tmp_path: Path) -> None:
    async def test() -> None:
        async with site(tmp_path) as here:
            await here.command(0, "sh", "-c", 'sleep 1000 & echo $! > "$0/pid"; wait', str(tmp_path))
            await exists(tmp_path / "pid")
            stop = pb.Stop(attempts=pb.Attempts(job=1, indexes=[0], numbers=[1]), reason="enough")
            await here.script.say(pb.ServerWord(stop=stop))
            assert (await here.ended(0))[:2] == ("CANCELLED", "enough")
            assert not is_alive((tmp_path / "pid").read_text().strip() or "none")

    run(test)


def test_a_program_that_is_not_there_fails_with_a_reason(tmp_path: Path) -> None:
    async def test() -> None:
        async with site(tmp_path) as here:
            await here.command(0, "no-such-program-anywhere")
            outcome, detail, _ = await here.ended(0)
            assert outcome == "LAUNCH"
            assert "no-such-program-anywhere" in detail

    run(test)


def test_files_are_gone_once_the_end_is_settled_and_the_output_kept(tmp_path: Path) -> None:
    async def test() -> None:
        async with site(tmp_path) as here:
            await here.command(0, "sh", "-c", "echo hello; touch here")
            await here.ended(0)
            assert (here.directory / "scratch" / "1.0.1" / "here").exists()
            kept = pb.LogKept(job=1, index=0, number=1, stream="out", offset=6)
            await here.script.say(pb.ServerWord(log_kept=kept))
            await here.settle(0)
            await exists_not(here.directory / "scratch" / "1.0.1")
            await exists_not(here.directory / "logs" / "1.0.1.out")

    run(test)


def test_a_signal_lets_work_finish_and_a_second_one_stops_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with site(tmp_path) as here:
            await here.command(0, "sh", "-c", WAIT, str(tmp_path))
            await exists(tmp_path / "program")
            here.agent.send_signal(signal.SIGTERM)
            await here.script.until(lambda: any(word.HasField("draining") for word in here.script.heard))
            here.agent.send_signal(signal.SIGTERM)
            assert (await here.ended(0))[:2] == ("INTERRUPTED", "the worker was stopped")
            await here.settle(0)
            assert await here.agent.wait() == 0
            assert here.script.heard[-1].HasField("leaving")

    run(test)


def test_one_agent_to_a_directory(tmp_path: Path) -> None:
    async def test() -> None:
        async with site(tmp_path) as here:
            second = await asyncio.create_subprocess_exec(
                sys.executable, "-c", AGENT, here.address, str(tmp_path), stderr=subprocess.PIPE
            )
            _, said = await second.communicate()
            assert b"a worker named w already runs from" in said

    run(test)
