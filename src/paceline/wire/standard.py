"""What every gRPC server offers: a sign of health, and reflection, by which a tool learns what can be called, and how.

The library speaks the reflection of 2016 (``v1alpha``); that of today (``v1``) says the same under another name.
"""

from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as health  # type: ignore[attr-defined]  # not in the stubs
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection import SERVICE_NAME as REFLECTION
from grpc_reflection.v1alpha.reflection import aio as reflection  # type: ignore[attr-defined]

from paceline.wire.gen import worker_pb2

WORKERS = worker_pb2.DESCRIPTOR.services_by_name["WorkerService"]
REFLECTIONS = ("grpc.reflection.v1.ServerReflection", REFLECTION)


async def add_health(server: grpc.aio.Server, services: Sequence[ServiceDescriptor]) -> None:
    """These serve as long as the server answers: whether it can also keep something new, ``GET /ready`` says."""
    servicer = health.HealthServicer()
    for name in ("", *(service.full_name for service in services)):
        await servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)


def add_reflection(server: grpc.aio.Server, services: Sequence[ServiceDescriptor]) -> None:
    """These can be called, and how."""
    names = [service.full_name for service in services]
    server.add_generic_rpc_handlers(tuple(_reflection(name, (*names, HEALTH, name)) for name in REFLECTIONS))


def _reflection(name: str, services: Sequence[str]) -> "grpc.GenericRpcHandler[Any, Any]":
    servicer = reflection.ReflectionServicer(services)  # type: ignore[attr-defined]
    converse = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": converse})
