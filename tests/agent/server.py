"""A server for one worker, scripted by the test: what it hears goes into a list, what it says is what it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
from grpc.aio import EOF  # type: ignore[attr-defined]  # not in the stubs

from paceline.model.errors import PacelineError
from paceline.wire.gen import fleet_pb2, worker_pb2
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen.fleet_pb2_grpc import FleetServicer, add_FleetServicer_to_server
from paceline.wire.gen.worker_pb2_grpc import WorkerServiceServicer, add_WorkerServiceServicer_to_server
from paceline.wire.status import grpc_status, trailers

Context = grpc.aio.ServicerContext[object, object]


@dataclass(slots=True)
class Script:
    """What the server does and what it saw."""

    refuse: PacelineError | None = None
    welcome: bool = True
    hellos: list[pb.Hello] = field(default_factory=list)
    heard: list[pb.WorkerWord] = field(default_factory=list)
    messages: int = 0
    tokens: list[str] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)
    calls: list[asyncio.Task[object]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until the test sees what it waits for."""
        async with asyncio.timeout(10):
            while not true():
                self.news.clear()
                await self.news.wait()

    async def say(self, *words: pb.ServerWord) -> None:
        await self.contexts[-1].write(pb.ToWorker(words=words))

    def break_link(self) -> None:
        self.calls[-1].cancel()

    async def check(self, context: Context) -> None:
        self.tokens += [str(value) for key, value in context.invocation_metadata() or () if key == "authorization"]
        self.news.set()
        if self.refuse is not None:
            context.set_trailing_metadata(trailers(self.refuse))
            await context.abort(grpc_status(self.refuse), self.refuse.message)


class WorkerService(WorkerServiceServicer):
    def __init__(self, script: Script) -> None:
        self._script = script

    async def Join(self, request: pb.JoinRequest, context: Context) -> pb.JoinReply:  # noqa: N802 - gRPC's
        await self._script.check(context)
        return worker_pb2.JoinReply(worker=3, key=f"pl_worker_of_{request.name}")

    async def Link(self, stream: object, context: Context) -> None:  # noqa: N802
        script = self._script
        await script.check(context)
        hello: pb.FromWorker = await context.read()  # type: ignore[assignment]
        script.hellos.append(hello.words[0].hello)
        script.contexts.append(context)
        if task := asyncio.current_task():
            script.calls.append(task)
        if script.welcome:
            await script.say(pb.ServerWord(welcome=pb.Welcome(protocol=1, worker=3, beat=5.0, lease=20.0)))
        script.news.set()
        try:
            while (message := await context.read()) is not EOF:
                script.messages += 1
                script.heard += message.words  # type: ignore[attr-defined]
                script.news.set()
        except asyncio.CancelledError:  # ``break_link``
            await context.abort(grpc.StatusCode.UNAVAILABLE)


class FleetService(FleetServicer):
    def __init__(self, script: Script) -> None:
        self._script = script

    async def CreateToken(  # noqa: N802
        self, request: fleet_pb2.CreateTokenRequest, context: Context
    ) -> fleet_pb2.CreateTokenReply:
        await self._script.check(context)
        return fleet_pb2.CreateTokenReply(token=f"pl_{request.role}_for_{request.name}")


@asynccontextmanager
async def serving(script: Script, port: int = 0) -> AsyncIterator[str]:
    """The server's address."""
    server = grpc.aio.server()
    add_WorkerServiceServicer_to_server(WorkerService(script), server)  # type: ignore[no-untyped-call]
    add_FleetServicer_to_server(FleetService(script), server)  # type: ignore[no-untyped-call]
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield f"127.0.0.1:{bound}"
    finally:
        await server.stop(None)


def names(words: Sequence[pb.WorkerWord]) -> list[str]:
    return [str(word.WhichOneof("word")) for word in words]
