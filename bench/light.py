"""Workers without anything behind them: many real links from one process, where every task is over as it arrives.

    python -m bench.light HOME COUNT SECONDS

joins the server of that home with so many workers, prints ``ready`` once all are welcome, and from then on takes a
number per line: so many tasks it ends, at once but as if each had taken ``SECONDS``, and prints how long it took until
the server had settled the last of them. Between two such lines it holds what it gets, as a worker that is busy does.
``Crew`` is that process, seen from the one that measures.
"""

import asyncio
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc.aio

from paceline.config import ClientOptions, ServerOptions
from paceline.sdk import connect
from paceline.sdk.client import Client
from paceline.wire.far import open_channel
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen.worker_pb2_grpc import WorkerServiceStub
from paceline.wire.outgoing import Outgoing
from paceline.wire.protocol import metadata

SHORT = 0.004
"""Seconds that a task is said to have taken: short enough for the server to hand out some ten a processor ahead."""
CPUS = 2


class Crew:
    """The process of so many light workers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert self._hear() == "ready"

    def give(self, tasks: int) -> None:
        """Let them end so many, as they come."""
        assert self._process.stdin
        self._process.stdin.write(f"{tasks}\n")
        self._process.stdin.flush()

    def done(self) -> float:
        """Wait until those are settled; seconds since they were given."""
        return float(self._hear())

    def work(self, tasks: int) -> float:
        """Seconds until so many of the waiting ones are over."""
        self.give(tasks)
        return self.done()

    def _hear(self) -> str:
        assert self._process.stdout
        said = self._process.stdout.readline().strip()
        if not said:
            raise RuntimeError("the light workers broke off")
        return said


@contextmanager
def crew(home: Path, workers: int, seconds: float = SHORT) -> Iterator[Crew]:
    """So many light workers of the server of this home, linked."""
    command = [sys.executable, "-m", "bench.light", str(home), str(workers), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Crew(process)
        process.stdin.close()  # type: ignore[union-attr]  # it is a pipe


class Tally:
    """How many tasks may still be ended, and how many of those that were are not settled yet."""

    def __init__(self) -> None:
        self.left = 0
        self._unsettled = 0
        self._began = 0.0

    def give(self, tasks: int) -> None:
        self.left = self._unsettled = tasks
        self._began = time.perf_counter()

    def settle(self, tasks: int) -> None:
        self._unsettled -= tasks
        if not self._unsettled:
            print(time.perf_counter() - self._began, flush=True)


class Light:
    """One of the workers."""

    def __init__(self, tally: Tally, seconds: float) -> None:
        self._tally = tally
        self._seconds = seconds
        self._outgoing: Outgoing[pb.WorkerWord] = Outgoing()
        self._held: list[pb.Attempts] = []
        self.welcome = asyncio.Event()

    async def run(self, client: ClientOptions, token: str, number: int) -> None:
        """Join, link, and stay until cancelled."""
        async with open_channel(client.address, client.tls) as channel:
            stub = WorkerServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
            joined = await stub.Join(pb.JoinRequest(name=f"light-{number}"), metadata=metadata(token))
            call = stub.Link(metadata=metadata(joined.key))
            await call.write(pb.FromWorker(words=[pb.WorkerWord(hello=_hello(joined.worker))]))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(call))
                async for message in call:
                    for word in message.words:
                        if word.HasField("welcome"):
                            group.create_task(self._beat(word.welcome.beat))
                        self._hear(word)
                raise ConnectionError(f"the server ended the link of light-{number}")

    def end(self) -> None:
        """End what is held, as far as it may be."""
        while self._held and self._tally.left:
            attempts = self._held.pop()
            count = min(self._tally.left, len(attempts.indexes))
            self._tally.left -= count
            if count < len(attempts.indexes):
                self._held.append(_rows(attempts, slice(count, None)))
                attempts = _rows(attempts, slice(count))
            ended = pb.Endings(job=attempts.job, indexes=attempts.indexes, numbers=attempts.numbers)
            ended.seconds.extend([self._seconds] * count)
            self._outgoing.put(pb.WorkerWord(ended=ended), 24 * count)

    def _hear(self, word: pb.ServerWord) -> None:
        match word.WhichOneof("word"):
            case "grant":
                self._held.append(word.grant.attempts)
                self.end()
            case "settled":
                self._tally.settle(len(word.settled.indexes))
            case "welcome":
                self.welcome.set()

    async def _write(self, call: "grpc.aio.StreamStreamCall[pb.FromWorker, pb.ToWorker]") -> None:
        async for words in self._outgoing.batches():
            await call.write(pb.FromWorker(words=words))

    async def _beat(self, interval: float) -> None:
        for number in itertools.count(1):
            await asyncio.sleep(interval)
            self._outgoing.put(pb.WorkerWord(beat=pb.Beat(number=number)))


def _rows(attempts: pb.Attempts, some: slice) -> pb.Attempts:
    return pb.Attempts(job=attempts.job, indexes=attempts.indexes[some], numbers=attempts.numbers[some])


def _hello(worker: int) -> pb.Hello:
    capacity = pb.Capacity(cpu=1000 * CPUS, memory=8 << 30, disk=8 << 30)
    machine = pb.Machine(host="light", capacity=capacity, version="0.1.0")
    return pb.Hello(protocol=1, worker=worker, incarnation=1, name=f"light-{worker}", machine=machine)


async def serve(home: Path, count: int, seconds: float) -> None:
    """Be that many workers until there are no more lines."""
    options, tally = connect.local(ServerOptions(home=home)), Tally()
    workers = [Light(tally, seconds) for _ in range(count)]
    async with asyncio.TaskGroup() as group:
        linked = [
            group.create_task(worker.run(options, token, number))
            for number, (worker, token) in enumerate(zip(workers, await _tokens(options, count), strict=True))
        ]
        await asyncio.gather(*(worker.welcome.wait() for worker in workers))
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            tally.give(int(line))
            for worker in workers:
                worker.end()
        for task in linked:
            task.cancel()


async def _tokens(options: ClientOptions, count: int) -> list[str]:
    async with Client(options) as client:
        return [token.token for token in await asyncio.gather(*(client.create_token("join") for _ in range(count)))]


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
