"""A worker's face on real sockets: where it is, and what it says over HTTP and gRPC."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc.aio
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from paceline.agent.face.open import show
from paceline.agent.face.vitals import Health
from paceline.config import WorkerOptions
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen import worker_pb2_grpc
from paceline.wire.whereabouts import WorkerWhereabouts, read_workers
from tests.agent.face import KEY, Shown
from tests.agent.world import program


@asynccontextmanager
async def showing(shown: Shown) -> AsyncIterator[WorkerWhereabouts]:
    """Where it answers."""
    part = asyncio.create_task(show(shown.vitals, KEY))
    file = shown.options.directory / "worker.json"
    try:
        async with asyncio.timeout(10):
            while not file.exists() and not part.done():
                await asyncio.wait({part}, timeout=0.01)
        (here,) = read_workers(shown.options.home)
        yield here
    finally:
        part.cancel()
        await asyncio.gather(part, return_exceptions=True)


def run(test: Callable[[], Coroutine[object, object, None]]) -> None:
    asyncio.run(test())


def with_options(shown: Shown, **changes: Any) -> Shown:
    shown.options = replace(shown.options, **changes)
    shown.vitals.options = shown.options
    return shown


def test_status_by_grpc_says_what_health_says(tmp_path: Path) -> None:
    async def test() -> None:
        shown = Shown(tmp_path)
        shown.world.grant(program(), 0, 1)
        shown.world.end("1.0#1")
        async with showing(shown) as here, grpc.aio.insecure_channel(here.grpc) as channel:
            make: Any = worker_pb2_grpc.WorkerServiceStub
            said: pb.GetStatusResponse = await make(channel).GetStatus(pb.GetStatusRequest())
        assert (said.worker_id, said.worker, said.state) == ("ada", 3, "BUSY")
        assert (said.active_tasks, said.completed_tasks) == (1, 1)
        assert said.orchestrator_connection == "connected"

    run(test)


def test_every_field_of_health_is_in_the_status() -> None:
    assert set(Health.__struct_fields__) == {field.name for field in pb.GetStatusResponse.DESCRIPTOR.fields}


def test_what_can_be_asked_is_told_and_that_it_lives(tmp_path: Path) -> None:
    async def test() -> None:
        async with showing(Shown(tmp_path)) as here, grpc.aio.insecure_channel(here.grpc) as channel:
            alive: Any = health_pb2_grpc.HealthStub(channel)
            answer = await alive.Check(health_pb2.HealthCheckRequest(service="worker.WorkerService"))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
            asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
            replies = [reply async for reply in stub.ServerReflectionInfo(asked)]
        assert "worker.WorkerService" in [each.name for each in replies[0].list_services_response.service]

    run(test)


def test_the_servers_calls_are_not_the_workers(tmp_path: Path) -> None:
    async def test() -> None:
        async with showing(Shown(tmp_path)) as here, grpc.aio.insecure_channel(here.grpc) as channel:
            make: Any = worker_pb2_grpc.WorkerServiceStub
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await make(channel).Join(pb.JoinRequest(name="x"))
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED

    run(test)


def test_ports_that_are_taken_are_given_way_to(tmp_path: Path) -> None:
    async def test() -> None:
        with socket.socket() as one, socket.socket() as other:
            for each in (one, other):
                each.bind(("127.0.0.1", 0))
                each.listen()
            taken = [each.getsockname()[1] for each in (one, other)]
            shown = with_options(Shown(tmp_path), metrics_port=taken[0], status_port=taken[1])
            async with showing(shown) as here, httpx.AsyncClient() as client:
                assert int(here.http.rpartition(":")[2]) not in taken
                assert int(here.grpc.rpartition(":")[2]) not in taken
                assert (await client.get(f"{here.http}/health")).json()["worker_id"] == "ada"

    run(test)


def test_a_host_that_is_not_this_machines_is_said_and_stops_no_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shown = with_options(Shown(tmp_path), metrics_host="192.0.2.1")
    run(lambda: show(shown.vitals, KEY))
    (said,) = caplog.records
    assert said.message == "no metrics are shown"
    assert "192.0.2.1" in str(vars(said)["fields"])


def test_a_worker_that_left_is_not_there(tmp_path: Path) -> None:
    async def test() -> None:
        shown = Shown(tmp_path)
        async with showing(shown):
            pass
        assert read_workers(tmp_path) == []

    run(test)


def test_a_torn_file_is_nobodys(tmp_path: Path) -> None:
    assert read_workers(tmp_path) == []
    directory = WorkerOptions(server="", name="torn", home=tmp_path).directory
    directory.mkdir(parents=True)
    for text in ("", "{", "[]", '{"name": "x"}'):
        (directory / "worker.json").write_text(text)
        assert read_workers(tmp_path) == []


@pytest.mark.parametrize(("host", "seen"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")])  # noqa: S104 - what is tested
def test_it_is_found_wherever_it_listens(tmp_path: Path, host: str, seen: str) -> None:
    async def test() -> None:
        shown = with_options(Shown(tmp_path), metrics_host=host)
        async with showing(shown) as here, httpx.AsyncClient() as client:
            assert here.http.startswith(f"http://{seen}:")
            assert (await client.get(f"{here.http}/health")).status_code == 200
            async with grpc.aio.insecure_channel(here.grpc) as channel:
                make: Any = worker_pb2_grpc.WorkerServiceStub
                assert (await make(channel).GetStatus(pb.GetStatusRequest())).worker_id == "ada"

    run(test)


def test_what_showing_needs_is_not_loaded_with_the_agent() -> None:
    heavy = ("uvicorn", "httptools", "prometheus_client", "grpc_reflection.v1alpha", "paceline.profiling.sample")
    code = f"import sys, paceline.agent.app; print([m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]"
