"""A worker that calls, as a stranger would write it: stubs and a key."""

import json
from collections.abc import Sequence
from typing import Any

import grpc.aio

from paceline.model.errors import PacelineError
from paceline.model.job import JobSpec, Range, Spec
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen import worker_pb2_grpc
from paceline.wire.status import to_error
from tests.server.conftest import Served

CAPABILITIES = pb.WorkerCapabilities(cpu_cores=2, memory_gb=8, max_tasks=2)


class Caller:
    """One end of the calls. Errors come out as ours, with their hints."""

    def __init__(self, served: Served, key: str = "") -> None:
        self._served = served
        self.key = key

    async def __aenter__(self) -> "Caller":
        self._channel: Any = grpc.aio.insecure_channel(self._served.address)
        make: Any = worker_pb2_grpc.WorkerServiceStub
        self._stub = make(self._channel)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._channel.close()

    async def call(self, method: str, request: object, key: str = "") -> Any:
        metadata = (("authorization", f"Bearer {key or self.key}"),)
        try:
            return await getattr(self._stub, method)(request, metadata=metadata)
        except grpc.aio.AioRpcError as failure:
            raise to_error(failure) from None

    async def refused(self, method: str, request: object) -> str:
        """What the error says, and its hint."""
        try:
            await self.call(method, request)
        except PacelineError as error:
            return f"{error.code} {error.message} | {error.hint}"
        raise AssertionError(f"{method} was answered")

    async def register(
        self,
        name: str = "stranger",
        capabilities: pb.WorkerCapabilities = CAPABILITIES,
        held: Sequence[str] = (),
        status: str = "",
    ) -> pb.RegisterWorkerResponse:
        """By a join token made for the occasion, and from then on by the key."""
        token = self.key
        if not token:
            async with self._served.client() as client:
                token = (await client.create_token("join")).token
        request = pb.RegisterWorkerRequest(
            worker_id=name, capabilities=capabilities, held=pb.TaskIds(task_ids=held), status=status
        )
        reply: pb.RegisterWorkerResponse = await self.call("RegisterWorker", request, token)
        self.key = self.key or reply.key
        return reply

    async def poll(self, most: int = 100, seconds: float = 5.0) -> pb.PollForTaskResponse:
        request = pb.PollForTaskRequest(max_tasks=most, wait_seconds=seconds)
        reply: pb.PollForTaskResponse = await self.call("PollForTask", request)
        return reply

    async def update(self, task: str, status: str, **fields: Any) -> str:
        """The answer's word."""
        request = pb.UpdateTaskStatusRequest(task_id=task, status=status, **fields)
        reply: pb.UpdateTaskStatusResponse = await self.call("UpdateTaskStatus", request)
        return reply.answer

    async def beat(self, *held: str, listing: bool = False, status: str = "") -> pb.HeartbeatResponse:
        request = pb.HeartbeatRequest(status=status)
        if held or listing:
            request.held.task_ids.extend(held)
            request.held.SetInParent()
        reply: pb.HeartbeatResponse = await self.call("SendHeartbeat", request)
        return reply

    async def turn(self, status: str) -> None:
        await self.call("UpdateWorkerStatus", pb.UpdateWorkerStatusRequest(status=status))


def commands(*argv: str, tasks: int = 1, **fields: Any) -> JobSpec:
    """So many of the same command."""
    body = json.dumps({"argv": argv or ("true",), **fields.pop("params", {})}).encode()
    run = Spec(kind="command", body=body, **fields.pop("run", {}))
    return JobSpec(name="job", run=run, ranges=(Range(start=0, stop=tasks),), **fields)
