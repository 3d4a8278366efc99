"""The workers' service."""

from paceline.server.caller import CALLER
from paceline.server.file_session import FileSession
from paceline.server.fleet import Fleet
from paceline.server.gate import Context, Far, Gate
from paceline.server.links import Links
from paceline.server.operations import workers
from paceline.server.polling.service import Polling
from paceline.server.worker_session import WorkerSession
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen import worker_pb2_grpc as rpc


class WorkerService(rpc.WorkerServiceServicer):
    """``Join`` for newcomers, ``Link`` and ``Files`` for everybody with a key; and the same by calls."""

    def __init__(self, fleet: Fleet, links: Links, gate: Gate) -> None:
        self._fleet = fleet
        self._links = links
        self._gate = gate
        self._polling = Polling(fleet, links)

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

    async def RegisterWorker(self, request: pb.RegisterWorkerRequest, context: Context) -> pb.RegisterWorkerResponse:
        return await self._polling.register(CALLER.get(), request)

    async def PollForTask(self, request: pb.PollForTaskRequest, context: Context) -> pb.PollForTaskResponse:
        return await self._polling.poll(CALLER.get(), request)

    async def UpdateTaskStatus(
        self, request: pb.UpdateTaskStatusRequest, context: Context
    ) -> pb.UpdateTaskStatusResponse:
        return await self._polling.update(CALLER.get(), request)

    async def BatchUpdateTaskStatus(
        self, request: pb.BatchUpdateTaskStatusRequest, context: Context
    ) -> pb.BatchUpdateTaskStatusResponse:
        return await self._polling.update_all(CALLER.get(), request)

    async def SendHeartbeat(self, request: pb.HeartbeatRequest, context: Context) -> pb.HeartbeatResponse:
        return await self._polling.beat(CALLER.get(), request)

    async def UpdateWorkerStatus(
        self, request: pb.UpdateWorkerStatusRequest, context: Context
    ) -> pb.UpdateWorkerStatusResponse:
        return await self._polling.turn(CALLER.get(), request)

    async def ListWorkers(self, request: pb.ListWorkersRequest, context: Context) -> pb.ListWorkersResponse:
        return self._polling.show(request)
