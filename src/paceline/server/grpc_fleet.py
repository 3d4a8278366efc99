"""The clients' service over gRPC."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from paceline.server.fleet_service import FleetService
from paceline.server.gate import Context, Far, Handler
from paceline.wire.calls import CALLS, SERVICE, Call, encoded
from paceline.wire.gen.fleet_pb2 import FromClient


def fleet_handler(service: FleetService) -> "grpc.GenericRpcHandler[Any, Any]":
    """Every call of the table, and the session."""
    calls = {call.name: _call(service, call) for call in CALLS}
    return grpc.method_handlers_generic_handler(SERVICE.full_name, {**calls, "Session": _session(service)})


def _call(service: FleetService, call: Call) -> Handler:
    answer = getattr(service, call.name)

    async def one(request: object, context: Context) -> object:
        return await answer(request)

    def many(request: object, context: Context) -> AsyncIterator[object]:
        return answer(request)  # type: ignore[no-any-return]  # a method by its name

    if call.streams:
        return grpc.unary_stream_rpc_method_handler(many, call.request.FromString, encoded)
    return grpc.unary_unary_rpc_method_handler(one, call.request.FromString, encoded)


def _session(service: FleetService) -> Handler:
    async def converse(stream: object, context: Context) -> None:
        await service.session(Far(context))

    return grpc.stream_stream_rpc_method_handler(converse, FromClient.FromString, encoded)
