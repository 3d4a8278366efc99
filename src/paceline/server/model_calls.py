"""The clients' calls about models: decode, call one operation, encode."""
# ruff: noqa: N802 - method names are the service's

from collections.abc import AsyncIterator

from paceline.catalog import Find, Order, Place
from paceline.model.errors import UsageError
from paceline.server.fleet import Fleet
from paceline.server.operations import models
from paceline.wire.convert import from_wire, to_wire
from paceline.wire.gen import fleet_pb2 as pb

PAGE_LIMIT = 1000


class ModelCalls:
    """A part of ``FleetService``."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def Models(self, request: pb.ModelsRequest) -> pb.ModelsReply:
        found = await models.find(self._fleet, _find(request))
        return pb.ModelsReply(models=[to_wire(model, pb.ModelView) for model in found])

    async def Model(self, request: pb.ModelRequest) -> pb.ModelView:
        return to_wire(await models.get(self._fleet, request.word), pb.ModelView)

    async def RenameModel(self, request: pb.RenameModelRequest) -> pb.ModelView:
        return to_wire(await models.rename(self._fleet, request.word, request.name), pb.ModelView)

    async def TagModel(self, request: pb.TagModelRequest) -> pb.ModelView:
        model = await models.tag(self._fleet, request.word, list(request.add), list(request.remove))
        return to_wire(model, pb.ModelView)

    async def RemoveModel(self, request: pb.ModelRequest) -> pb.ModelView:
        return to_wire(await models.remove(self._fleet, request.word), pb.ModelView)

    async def Download(self, request: pb.DownloadRequest) -> AsyncIterator[pb.DownloadReply]:
        async for chunk in models.download(self._fleet, request.sha256):
            yield pb.DownloadReply(data=chunk)


def _find(request: pb.ModelsRequest) -> Find:
    return Find(
        kind=request.kind,
        task=request.task,
        tag=request.tag,
        text=request.text,
        since=request.since,
        order=_order(request.order),
        metric=request.metric,
        after=from_wire(request.after, Place) if request.HasField("after") else None,
        limit=min(request.limit, PAGE_LIMIT) if request.limit > 0 else PAGE_LIMIT,
    )


def _order(word: str) -> Order:
    try:
        return Order(word or Order.NEWEST)
    except ValueError:
        raise UsageError(f"order: there is no order {word!r}", hint=f"one of {', '.join(Order)}") from None
