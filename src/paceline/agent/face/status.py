"""``worker.WorkerService/GetStatus``: the same health for who speaks gRPC, beside gRPC's own health service.

The rest of that service is the server's. Reflection tells ``grpcurl`` what can be asked; on a loopback address only.
"""

import grpc
import grpc.aio

from paceline.agent.face.vitals import Vitals
from paceline.wire.address import is_local
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen import worker_pb2_grpc as rpc
from paceline.wire.listening import bound
from paceline.wire.standard import WORKERS, add_health, add_reflection


class Status(rpc.WorkerServiceServicer):
    """Of one worker."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    async def GetStatus(self, request: pb.GetStatusRequest, context: object) -> pb.GetStatusResponse:  # noqa: N802 - gRPC's
        """How it is now."""
        found = self._vitals.health()
        return pb.GetStatusResponse(**{name: getattr(found, name) for name in found.__struct_fields__})


async def serve(vitals: Vitals) -> tuple[grpc.aio.Server, int]:
    """A server that answers, and its port. Raises RuntimeError where nothing can be served."""
    options = vitals.options
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    rpc.add_WorkerServiceServicer_to_server(Status(vitals), server)  # type: ignore[no-untyped-call]  # generated
    await add_health(server, (WORKERS,))
    if is_local(options.metrics_host):
        add_reflection(server, (WORKERS,))
    port = _bind(server, options.metrics_host, options.status_port)
    await server.start()
    return server, port


def _bind(server: grpc.aio.Server, host: str, wanted: int) -> int:
    """At the wanted port, or any that is free. Looked for first, because gRPC complains aloud of one that is taken."""
    with bound(host, wanted, elsewhere=0) as free:
        port: int = free.getsockname()[1]
    named = f"[{host}]" if ":" in host else host
    return server.add_insecure_port(f"{named}:{port}")
