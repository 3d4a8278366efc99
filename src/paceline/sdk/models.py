"""What a client can ask of the catalogue, and do to it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from paceline.catalog import Find, Model, Order
from paceline.model.errors import NotFound
from paceline.orders.metric import direction
from paceline.sdk.connection import Connection
from paceline.wire.convert import from_wire, to_wire
from paceline.wire.gen import fleet_pb2 as fleet

PAGE = 100
_WAY = "say it: order=Order.LOWEST or Order.HIGHEST; `paceline model ls --by` takes --min or --max"


class Models(Connection):
    """The part of ``Client`` that is about models."""

    async def models(
        self, query: Find | None = None, /, *, by: str = "", order: Order | None = None, page: int = PAGE
    ) -> AsyncGenerator[Model]:
        """Models, newest first, or by the metric ``by``, best first: of a loss the lowest, of others the highest.

        ``query`` narrows them. They come a ``page`` at a time, so that one may stop when one has seen enough.
        """
        wanted = replace(query or Find(), limit=page)
        if by:
            wanted = replace(wanted, metric=by, order=order or best_first(by))
        while found := await self._page(wanted):
            for model in found:
                yield model
            wanted = replace(wanted, after=wanted.place(found[-1]))

    async def find_models(
        self, query: Find | None = None, /, *, by: str = "", order: Order | None = None, limit: int = PAGE
    ) -> list[Model]:
        """The first ``limit`` of them."""
        found: list[Model] = []
        async with aclosing(self.models(query, by=by, order=order, page=min(limit, PAGE))) as models:
            async for model in models:
                found.append(model)
                if len(found) == limit:
                    break
        return found

    async def several_models(self, words: Sequence[str]) -> list[Model]:
        """Every model that the words mean, each once."""
        found = [await self.model(word) for word in words]
        return list({each.key: each for each in found}.values())

    async def model(self, word: str) -> Model:
        """The model of this key or name, or the only one whose key begins so; ``last`` is the newest one.

        ``best`` is the best of its sort: of all models for the same task and target as the newest one, the first by the
        metric that that is named by. Raises NotFound naming the nearest one.
        """
        if word == "last":
            return await self._newest()
        if word == "best":
            return await self._best()
        return from_wire(await self._ask("Model", fleet.ModelRequest(word=word), fleet.ModelView), Model)

    async def rename_model(self, word: str, name: str) -> Model:
        """Give it another name; its key stays. Raises Conflict if another model is called so."""
        request = fleet.RenameModelRequest(word=word, name=name)
        return from_wire(await self._ask("RenameModel", request, fleet.ModelView), Model)

    async def tag_model(self, word: str, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Model:
        """Put tags on it, and take others off."""
        request = fleet.TagModelRequest(word=word, add=add, remove=remove)
        return from_wire(await self._ask("TagModel", request, fleet.ModelView), Model)

    async def remove_model(self, word: str) -> Model:
        """Take it out of the catalogue; what it was."""
        return from_wire(await self._ask("RemoveModel", fleet.ModelRequest(word=word), fleet.ModelView), Model)

    async def download(self, sha256: str) -> AsyncGenerator[bytes]:
        """The bytes of a model's file. ``paceline.sdk.fetch`` brings whole models."""
        request = fleet.DownloadRequest(sha256=sha256)
        async with aclosing(self._stream("Download", request, fleet.DownloadReply)) as replies:
            async for reply in replies:
                yield reply.data

    async def _page(self, query: Find) -> Sequence[Model]:
        reply = await self._ask("Models", to_wire(query, fleet.ModelsRequest), fleet.ModelsReply)
        return [from_wire(each, Model) for each in reply.models]

    async def _newest(self) -> Model:
        for model in await self._page(Find(limit=1)):
            return model
        raise NotFound("there is no model: none was published yet", hint="paceline run --kind train …")

    async def _best(self) -> Model:
        newest = await self._newest()
        alike = Find(task=newest.task)
        async with aclosing(self.models(alike, by=newest.metric)) as better:
            async for model in better:
                if model.said.get("target") == newest.said.get("target"):
                    return model
        return newest


def best_first(metric: str) -> Order:
    """The order that puts the best model first. Raises UsageError for a metric that is not a usual one."""
    return Order.LOWEST if direction(metric, hint=_WAY) == "min" else Order.HIGHEST
