"""The clients' calls about who works here and who may speak: decode, call one operation, encode."""
# ruff: noqa: N802 - method names are the service's

from paceline.model.ids import WorkerId
from paceline.server.fleet import Fleet
from paceline.server.operations import tokens, workers
from paceline.wire.convert import to_wire
from paceline.wire.gen import fleet_pb2 as pb


class WorkerCalls:
    """A part of ``FleetService``."""

    _fleet: Fleet

    async def Workers(self, request: pb.WorkersRequest) -> pb.WorkersReply:
        views = workers.workers(self._fleet)
        chosen = views if request.all else workers.present(views)
        return pb.WorkersReply(workers=[to_wire(view, pb.WorkerView) for view in chosen])

    async def Drain(self, request: pb.DrainRequest) -> pb.DrainReply:
        turn = workers.resume if request.resume else workers.hand_over if request.now else workers.drain
        await turn(self._fleet, WorkerId(request.worker))
        return pb.DrainReply()

    async def CreateToken(self, request: pb.CreateTokenRequest) -> pb.CreateTokenReply:
        ttl = request.ttl if request.HasField("ttl") else None
        text, view = await tokens.create(self._fleet, request.role, request.name, ttl)
        return pb.CreateTokenReply(token=text, expires_at=view.expires_at, id=view.id)

    async def Tokens(self, request: pb.TokensRequest) -> pb.TokensReply:
        return pb.TokensReply(tokens=[to_wire(view, pb.TokenView) for view in tokens.tokens(self._fleet)])

    async def RevokeToken(self, request: pb.RevokeTokenRequest) -> pb.TokenView:
        return to_wire(await tokens.revoke(self._fleet, request.id), pb.TokenView)
