"""Health for anybody; reflection for operators, and for anybody where only this machine can call."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from paceline.config import ServerOptions
from paceline.server.app import listen
from paceline.server.auth import REFLECTION
from paceline.server.links import Links
from tests.server.conftest import Served, serving

HEALTH = "/grpc.health.v1.Health/Check"


async def _health(served: Served, service: str) -> Any:
    open_channel: Any = grpc.aio.insecure_channel
    async with open_channel(served.address) as channel:
        check = channel.unary_unary(HEALTH, response_deserializer=health_pb2.HealthCheckResponse.FromString)
        return await check(health_pb2.HealthCheckRequest(service=service).SerializeToString())


async def _reflect(served: Served, method: str, token: str = "", **request: str) -> Any:
    """Asked as tools do, who block: of a call that is refused while it still writes gRPC's other client may say only
    that a write failed."""

    def ask() -> Any:
        open_channel: Any = grpc.insecure_channel
        with open_channel(served.address) as channel:
            converse = channel.stream_stream(
                method, response_deserializer=reflection_pb2.ServerReflectionResponse.FromString
            )
            asked = [reflection_pb2.ServerReflectionRequest(**request).SerializeToString()]
            return next(converse(iter(asked), metadata=(("authorization", f"Bearer {token}"),)))

    return await asyncio.to_thread(ask)


@pytest.mark.parametrize("service", ["", "worker.WorkerService", "paceline.v1.Fleet"])
def test_it_says_that_it_serves_to_anybody(service: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served:
            assert (await _health(served, service)).status == health_pb2.HealthCheckResponse.SERVING

    asyncio.run(scenario())


def test_a_service_that_is_none_is_not_found(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await _health(served, "nothing")
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND

    asyncio.run(scenario())


@pytest.mark.parametrize("method", sorted(REFLECTION))
def test_a_tool_learns_what_can_be_called_and_how(method: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served:
            listed = await _reflect(served, method, list_services="*")
            names = {service.name for service in listed.list_services_response.service}
            assert {"worker.WorkerService", "paceline.v1.Fleet", "grpc.health.v1.Health"} <= names
            found = await _reflect(served, method, file_containing_symbol="worker.WorkerService")
            [described] = found.file_descriptor_response.file_descriptor_proto
            assert b"PollForTaskRequest" in described

    asyncio.run(scenario())


def test_a_tool_that_knows_nothing_calls_by_names_it_was_told(tmp_path: Path) -> None:
    """As grpcurl does with ``-d '{"workerId": "w", …}' ADDRESS worker.WorkerService/RegisterWorker``."""

    def call(address: str, token: str) -> str:
        open_channel: Any = grpc.insecure_channel
        with open_channel(address) as channel:
            pool: Any = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
            method = pool.FindServiceByName("worker.WorkerService").FindMethodByName("RegisterWorker")
            request, reply = GetMessageClass(method.input_type)(), GetMessageClass(method.output_type)
            json_format.Parse('{"workerId": "w", "capabilities": {"cpuCores": 4, "memoryGb": 8}}', request)
            one = channel.unary_unary(
                "/worker.WorkerService/RegisterWorker",
                request_serializer=type(request).SerializeToString,
                response_deserializer=reply.FromString,
            )
            return json_format.MessageToJson(one(request, metadata=(("authorization", f"Bearer {token}"),)))

    async def scenario() -> None:
        async with serving(tmp_path) as served:
            token, _ = served.fleet.auth.create("join", "", served.fleet.clock.now(), 600.0)
            answer = json.loads(await asyncio.to_thread(call, served.address, token))
            assert (answer["workerId"], answer["leaseSeconds"]) == ("w", 20.0)

    asyncio.run(scenario())


@pytest.mark.parametrize("role", ["", "worker", "admin", "read"])
def test_where_others_can_call_reflection_is_for_operators(role: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served:
            options = ServerOptions(home=tmp_path, host="0.0.0.0", port=0)
            server, address = await listen(served.fleet, Links(), options)
            open_to_others = replace(served, address=address)
            token = served.fleet.auth.create(role, "", 0.0, 0.0)[0] if role else ""
            try:
                for method in REFLECTION:
                    if role in ("admin", "read"):
                        assert await _reflect(open_to_others, method, token, list_services="*")
                    else:
                        with pytest.raises(grpc.RpcError) as caught:
                            await _reflect(open_to_others, method, token, list_services="*")
                        refusals = {"": grpc.StatusCode.UNAUTHENTICATED, "worker": grpc.StatusCode.PERMISSION_DENIED}
                        assert caught.value.code() is refusals[role]
            finally:
                await server.stop(grace=0)

    asyncio.run(scenario())
