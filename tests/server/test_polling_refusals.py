"""What a worker that calls may say wrongly: each error names the field, its value, and what would be right."""

import asyncio
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from paceline.model.errors import NotAllowed
from paceline.wire.gen import worker_pb2 as pb
from tests.server.conftest import serving
from tests.server.polling import CAPABILITIES, Caller, commands


def capable(**fields: Any) -> pb.RegisterWorkerRequest:
    return pb.RegisterWorkerRequest(worker_id="w", capabilities=pb.WorkerCapabilities(**fields))


def update(**fields: Any) -> pb.UpdateTaskStatusRequest:
    return pb.UpdateTaskStatusRequest(**{"task_id": "1.0#1", "status": "RUNNING", **fields})


def batch(*updates: pb.TaskStatusUpdate) -> pb.BatchUpdateTaskStatusRequest:
    return pb.BatchUpdateTaskStatusRequest(updates=updates)


REFUSED: list[tuple[str, Any, str]] = [
    ("RegisterWorker", capable(cpu_cores=-1), "USAGE capabilities.cpu_cores: -1 must be 0 or more"),
    ("RegisterWorker", capable(memory_gb=float("nan")), "USAGE capabilities.memory_gb: nan must be 0 or more"),
    ("RegisterWorker", capable(gpu_count=2_000_000_000), "USAGE capabilities.gpu_count: 2,000,000,000, limit 256"),
    (
        "RegisterWorker",
        capable(gpu_count=3, gpus=[pb.Gpu(model="A100")]),
        "USAGE capabilities.gpu_count: 3, but gpus lists 1 | give one of the two",
    ),
    ("RegisterWorker", capable(host="a\x1b[31mb"), r"USAGE capabilities.host: 'a\x1b[31mb' is not printable"),
    (
        "RegisterWorker",
        pb.RegisterWorkerRequest(status="AVAILIBLE"),
        "USAGE status: there is no status 'AVAILIBLE' | did you mean 'AVAILABLE'?",
    ),
    (
        "RegisterWorker",
        pb.RegisterWorkerRequest(worker_id="somebody"),
        "FORBIDDEN worker_id: this key belongs to worker 'w', not to 'somebody' | "
        "send the worker_id that RegisterWorker answered, or none",
    ),
    (
        "RegisterWorker",
        pb.RegisterWorkerRequest(held=pb.TaskIds(task_ids=["1.0#1", "1.0"])),
        "USAGE held.task_ids[1]: '1.0' names no attempt | echo Task.id as it came, such as 1.0#1",
    ),
    (
        "PollForTask",
        pb.PollForTaskRequest(worker_id="somebody"),
        "FORBIDDEN worker_id: this key belongs to worker 'w', not to 'somebody'",
    ),
    ("PollForTask", pb.PollForTaskRequest(max_tasks=-2), "USAGE max_tasks: -2 must be 0 or more"),
    ("PollForTask", pb.PollForTaskRequest(wait_seconds=-0.5), "USAGE wait_seconds: -0.5 must be 0 or more"),
    (
        "PollForTask",
        pb.PollForTaskRequest(capabilities=pb.WorkerCapabilities(max_tasks=-1)),
        "USAGE capabilities.max_tasks: -1 must be 0 or more",
    ),
    (
        "UpdateTaskStatus",
        update(task_id="seventeen"),
        "USAGE task_id: 'seventeen' is not a task's id | echo Task.id as it came, such as 3.17#2",
    ),
    ("UpdateTaskStatus", update(task_id="3.17"), "USAGE task_id: '3.17' names no attempt"),
    ("UpdateTaskStatus", update(task_id="7.0#1"), "NOT_FOUND task_id: there is no task 7.0 | echo Task.id as it came"),
    ("UpdateTaskStatus", update(task_id="1.5#1"), "NOT_FOUND task_id: there is no task 1.5"),
    (
        "UpdateTaskStatus",
        update(task_id="1.0#4"),
        "NOT_FOUND task_id: there is no attempt 1.0#4 yet: the latest is 1.0#1",
    ),
    (
        "UpdateTaskStatus",
        update(status="COMPLETE"),
        "USAGE status: there is no status 'COMPLETE' | did you mean 'COMPLETED'?",
    ),
    ("UpdateTaskStatus", update(status=""), "USAGE status: there is no status '' | one of RUNNING, COMPLETED,"),
    (
        "UpdateTaskStatus",
        update(status="COMPLETED", exit_code=3),
        "USAGE exit_code: 3, but status says COMPLETED | status: FAILED",
    ),
    ("UpdateTaskStatus", update(stream="../x"), "USAGE stream: there is no output stream '../x' | out, or err"),
    ("UpdateTaskStatus", update(output_offset=-1), "USAGE output_offset: -1 must be 0 or more"),
    ("UpdateTaskStatus", update(seconds=float("inf")), "USAGE seconds: inf must be 0 or more"),
    ("UpdateTaskStatus", update(result=b"x" * (1 << 20) + b"x"), "USAGE result: 1,048,577 bytes, limit 1,048,576"),
    (
        "UpdateTaskStatus",
        update(progress=pb.Progress(step=1, values="[1]")),
        "USAGE progress.values: '[1]' is not a JSON object | such as {\"loss\": 0.3}",
    ),
    (
        "UpdateTaskStatus",
        update(progress=pb.Progress(step=1, values='{"loss": NaN}')),
        "USAGE progress.values: '{\"loss\": NaN}' is not JSON: NaN is not a number of JSON",
    ),
    (
        "UpdateTaskStatus",
        update(output="x" * (4 << 20)),
        "USAGE the update is 4,194,325 bytes, one message carries at most 4,194,304 | say it in several parts",
    ),
    (
        "BatchUpdateTaskStatus",
        batch(pb.TaskStatusUpdate(task_id="1.0#1", status="COMPLETED"), pb.TaskStatusUpdate(status="FAILED")),
        "USAGE updates[1].task_id: '' is not a task's id",
    ),
    (
        "BatchUpdateTaskStatus",
        batch(*(pb.TaskStatusUpdate(task_id="1.0#1", status="RUNNING") for _ in range(10_001))),
        "USAGE updates: 10,001 in one call, limit 10,000 | send the rest in another call",
    ),
    (
        "SendHeartbeat",
        pb.HeartbeatRequest(status="UNHEALTHY"),
        "USAGE status: there is no status 'UNHEALTHY' | one of AVAILABLE, BUSY, TERMINATED",
    ),
    (
        "UpdateWorkerStatus",
        pb.UpdateWorkerStatusRequest(status="TERMINATE"),
        "USAGE status: there is no status 'TERMINATE' | did you mean 'TERMINATED'?",
    ),
    ("UpdateWorkerStatus", pb.UpdateWorkerStatusRequest(worker_id="2", status="BUSY"), "FORBIDDEN worker_id: this key"),
    ("ListWorkers", pb.ListWorkersRequest(), "FORBIDDEN a token of the role worker cannot do this; it takes one of"),
]


@pytest.mark.parametrize(("method", "request_", "message"), REFUSED, ids=[message[:60] for _, _, message in REFUSED])
def test_nonsense_is_refused_and_changes_nothing(method: str, request_: Any, message: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register("w")
            await client.submit([commands()])
            await caller.poll()
            assert (await caller.refused(method, request_)).startswith(message)
            assert await caller.update("1.0#1", "COMPLETED") == "KEPT"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "request_",
    [
        capable(cpu_cores=-1),
        pb.RegisterWorkerRequest(worker_id="3-5", capabilities=CAPABILITIES),
        pb.RegisterWorkerRequest(status="TERMINATED"),
    ],
)
def test_a_join_token_is_not_spent_on_nonsense(request_: pb.RegisterWorkerRequest, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client:
            token = (await client.create_token("join")).token
            async with Caller(served, token) as caller:
                assert (await caller.refused("RegisterWorker", request_)).startswith("USAGE")
                assert (await caller.register("w")).key
                with pytest.raises(NotAllowed):
                    await caller.register("w")

    asyncio.run(scenario())


def test_who_never_registered_here_is_told_to(tmp_path: Path) -> None:
    """Such as after a restart of the server, which remembers the worker and not its mailbox."""

    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client:
            token = (await client.create_token("join")).token
            async with Caller(served, token) as caller:
                reply = await caller.call("Join", pb.JoinRequest(name="w"))
                caller.key = reply.key
                said = await caller.refused("SendHeartbeat", pb.HeartbeatRequest())
                assert said == (
                    "NOT_FOUND worker 'w' is not registered: this server has not heard of it since it was started | "
                    "call RegisterWorker again with this key, and name in `held` what still runs"
                )

    asyncio.run(scenario())


def test_what_is_far_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, Caller(served) as caller:
            await caller.register("w")
            said = await caller.refused("UpdateTaskStatus", update(output="x" * (5 << 20)))
            assert "bytes, one message carries at most 4,259,840" in said

    asyncio.run(scenario())


def test_a_call_without_a_key_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served:
            open_channel: Any = grpc.aio.insecure_channel
            async with open_channel(served.address) as channel:
                call = channel.unary_unary("/worker.WorkerService/PollForTask")
                with pytest.raises(grpc.aio.AioRpcError, match="no credentials were given"):
                    await call(b"")

    asyncio.run(scenario())
