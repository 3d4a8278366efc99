"""A server of the test's own: speaks the wire, remembers what it heard, and runs function tasks on the spot.

``held`` keeps tasks waiting until the test ends them. ``restart`` drops every connection, as a restarted server does.
"""

import asyncio
import base64
import importlib
import json
import pickle
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import cloudpickle
import grpc

from paceline.config import ClientOptions
from paceline.model.errors import PacelineError
from paceline.sdk.blocking import Bridge
from paceline.wire.gen import fleet_pb2 as fleet
from paceline.wire.gen import worker_pb2 as worker
from paceline.wire.gen.fleet_pb2_grpc import FleetServicer, add_FleetServicer_to_server
from paceline.wire.protocol import PROTOCOL
from paceline.wire.status import grpc_status, trailers


@dataclass
class FakeJob:
    spec: fleet.JobSpec
    payloads: list[bytes] = field(default_factory=list)
    ends: dict[int, worker.Endings] = field(default_factory=dict)
    closed: bool = False


class FakeFleet(FleetServicer):
    """One stream at a time, jobs numbered from 1."""

    def __init__(self) -> None:
        self.jobs: dict[int, FakeJob] = {}
        self.heard: list[fleet.ClientWord] = []
        self.metadata: list[dict[str, str]] = []
        self.problems: list[PacelineError] = []  # answers to the next words
        self.refusals: list[PacelineError] = []  # of the next calls and streams
        self.silent = False  # hears, and answers nothing
        self.held = False
        self.replies: dict[str, Any] = {}  # of unary calls and streams, by their name
        self.requests: list[Any] = []
        self.came = asyncio.Condition()
        self._tokens: dict[str, int] = {}
        self._context: Any = None
        self._writing = asyncio.Lock()  # gRPC takes one message of a stream at a time
        self._server: Any = None
        self.port = 0

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        self._server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
        add_FleetServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(0)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    @property
    def options(self) -> ClientOptions:
        return ClientOptions(address=f"127.0.0.1:{self.port}", token="pl_admin_x", owner="ada")

    async def heard_that(self, condition: Callable[["FakeFleet"], object]) -> None:
        """Return once it holds."""
        async with self.came:
            await self.came.wait_for(lambda: condition(self))

    def said(self, kind: str) -> list[Any]:
        """All words of one kind that came, in order."""
        return [getattr(word, kind) for word in self.heard if word.WhichOneof("word") == kind]

    # ── the session ──────────────────────────────────────────────────────────────────────────────────────────────

    async def Session(self, requests: AsyncIterator[fleet.FromClient], context: Any) -> None:  # noqa: N802
        await self._enter(context)
        self._context = context
        async for message in requests:
            answers = [answer for word in message.words for answer in self._hear(word)]
            if answers and not self.silent:
                await self._write(context, answers)
            async with self.came:
                self.came.notify_all()

    async def say(self, *words: fleet.FleetWord) -> None:
        """Something nobody asked for."""
        await self._write(self._context, words)

    async def _write(self, context: Any, words: Sequence[fleet.FleetWord]) -> None:
        async with self._writing:
            await context.write(fleet.ToClient(words=words))

    async def start_tasks(self, job: int, indexes: Sequence[int]) -> None:
        await self.say(fleet.FleetWord(started=fleet.Started(job=job, indexes=indexes)))

    async def end_tasks(self, job: int, indexes: Sequence[int], outcome: str = "", detail: str = "") -> None:
        """As they would end by themselves, or with this outcome."""
        for index in indexes:
            end = self._run(job, index)
            if outcome:
                end = worker.Endings(job=job, indexes=[index], outcomes=[outcome], details=[detail])
            self.jobs[job].ends[index] = end
            await self.say(fleet.FleetWord(ended=end))

    def _hear(self, word: fleet.ClientWord) -> list[fleet.FleetWord]:
        self.heard.append(word)
        if self.silent:
            return []
        kind = str(word.WhichOneof("word"))
        answer = fleet.Answered(call=attrgetter(f"{kind}.call")(word))
        if self.problems:
            error = self.problems.pop(0)
            answer.problem.CopyFrom(fleet.Problem(code=error.code, message=error.message, hint=error.hint))
            return [fleet.FleetWord(answered=answer)]
        more = getattr(self, f"_hear_{kind}")(getattr(word, kind), answer)
        return [fleet.FleetWord(answered=answer), *more]

    def _hear_submit(self, call: fleet.SubmitCall, answer: fleet.Answered) -> list[fleet.FleetWord]:
        answer.again = call.request.token in self._tokens
        first = self._tokens.setdefault(call.request.token, len(self.jobs) + 1)
        for number, spec in enumerate(call.request.specs, first):
            self.jobs.setdefault(number, FakeJob(spec=spec))
            answer.jobs.append(number)
        return []

    def _hear_append(self, word: fleet.Append, answer: fleet.Answered) -> list[fleet.FleetWord]:
        job = self.jobs[word.job]
        if word.first < len(job.payloads):  # heard before
            return []
        assert word.first == len(job.payloads)
        job.payloads += word.payloads
        if self.held:
            return []
        for index in range(word.first, len(job.payloads)):
            job.ends[index] = self._run(word.job, index)
        return [fleet.FleetWord(ended=job.ends[i]) for i in range(word.first, len(job.payloads))]

    def _hear_follow(self, word: fleet.Follow, answer: fleet.Answered) -> list[fleet.FleetWord]:
        return [fleet.FleetWord(ended=end) for end in self.jobs[word.job].ends.values()]

    def _hear_close(self, word: fleet.CloseJob, answer: fleet.Answered) -> list[fleet.FleetWord]:
        self.jobs[word.job].closed = True
        return []

    def _hear_cancel(self, word: fleet.CancelCall, answer: fleet.Answered) -> list[fleet.FleetWord]:
        job = self.jobs[word.request.job]
        doomed = [i for each in word.request.ranges for i in range(each.start, each.stop, each.step or 1)]
        ends = [
            worker.Endings(job=word.request.job, indexes=[i], outcomes=["CANCELLED"])
            for i in doomed
            if i not in job.ends
        ]
        answer.tasks = len(ends)
        return [fleet.FleetWord(ended=end) for end in ends]

    def _run(self, number: int, index: int) -> worker.Endings:
        job = self.jobs[number]
        params = json.loads(job.spec.run.body)
        module, _, name = params["ref"].partition(":")
        code = base64.b64decode(params["code"])
        function = pickle.loads(code) if code else attrgetter(name)(importlib.import_module(module))  # noqa: S301
        args, kwargs = pickle.loads(job.payloads[index])  # noqa: S301
        try:
            result = cloudpickle.dumps(function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whatever a task may raise
            return worker.Endings(
                job=number,
                indexes=[index],
                outcomes=["FAILED"],
                details=[f"{type(error).__name__}: {error}"],
                results=[cloudpickle.dumps((error, "Traceback: over there"))],
            )
        return worker.Endings(job=number, indexes=[index], results=[result])

    # ── everything else answers what the test put into ``replies`` ───────────────────────────────────────────────

    async def _enter(self, context: Any) -> None:
        self.metadata.append(dict(context.invocation_metadata()))
        if self.refusals:
            error = self.refusals.pop(0)
            await context.abort(grpc_status(error), error.message, trailers(error))

    async def Info(self, request: fleet.InfoRequest, context: Any) -> fleet.InfoReply:  # noqa: N802
        await self._enter(context)
        return fleet.InfoReply(version="0.1.0", protocol=self.replies.get("protocol", PROTOCOL), pid=7)


def _unary(name: str) -> Callable[..., Any]:
    async def answer(self: FakeFleet, request: Any, context: Any) -> Any:
        await self._enter(context)
        self.requests.append(request)
        return self.replies[name]

    return answer


def _streamed(name: str) -> Callable[..., Any]:
    async def answer(self: FakeFleet, request: Any, context: Any) -> None:
        await self._enter(context)
        self.requests.append(request)
        for reply in self.replies[name].pop(0):
            if isinstance(reply, PacelineError):
                await context.abort(grpc.StatusCode.UNAVAILABLE, reply.message)
            await context.write(reply)

    return answer


_UNARY = ("Submit", "Plan", "Cancel", "Jobs", "Tasks", "Attempts", "Results", "Reports") + (
    "Explain",
    "Workers",
    "Drain",
    "Events",
    "CreateToken",
)

for _name in _UNARY:
    setattr(FakeFleet, _name, _unary(_name))
for _name in ("Watch", "Logs"):
    setattr(FakeFleet, _name, _streamed(_name))


class BlockingFleet:
    """The same for tests that block: it lives on the bridge's loop."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self.fleet = bridge.run(self._make())
        self.run = bridge.run

    @staticmethod
    async def _make() -> FakeFleet:
        made = FakeFleet()
        await made.start()
        return made
