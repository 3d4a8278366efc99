"""The workers' service."""

from paceline.server.file_session import FileSession
from paceline.server.fleet import Fleet
from paceline.server.gate import Context, Far, Gate
from paceline.server.links import Links
from paceline.server.operations import workers
from paceline.server.worker_session import WorkerSession
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen import worker_pb2_grpc as rpc


class WorkerService(rpc.WorkerServiceServicer):
    """``Join`` for newcomers, ``Link`` and ``Files`` for everybody with a key."""

    def __init__(self, fleet: Fleet, links: Links, gate: Gate) -> None:
        self._fleet = fleet
        self._links = links
        self._gate = gate

    async def Join(self, request: pb.JoinRequest, context: Context) -> pb.JoinReply:
        newcomer = self._gate.caller("/worker.WorkerService/Join", context)
        number, key = await workers.join(self._fleet, newcomer, request.name or "worker")
        return pb.JoinReply(worker=number, key=key)

    async def Link(self, stream: object, context: Context) -> None:
        principal = self._gate.caller("/worker.WorkerService/Link", context)
        await WorkerSession(self._fleet, self._links, principal, Far(context)).run()

    async def Files(self, stream: object, context: Context) -> None:
        principal = self._gate.caller("/worker.WorkerService/Files", context)
        await FileSession(self._fleet, principal, Far(context)).run()
