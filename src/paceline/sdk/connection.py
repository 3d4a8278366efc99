"""One client's channel: every call carries the token and the protocol, every failure becomes one of our errors."""

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from types import TracebackType
from typing import Self, TypeAlias, TypeVar

import grpc

from paceline.clock import Clock, SystemClock
from paceline.config import ClientOptions
from paceline.model.errors import Unreachable
from paceline.sdk import connect
from paceline.sdk.session import PATIENCE, Session, Stream
from paceline.wire import channel, near
from paceline.wire.gen.fleet_pb2 import ToClient
from paceline.wire.gen.fleet_pb2_grpc import FleetStub
from paceline.wire.status import to_error

M = TypeVar("M")
Begin: TypeAlias = "Callable[..., grpc.aio.UnaryStreamCall[object, M]]"

RETRY = 0.5
"""Seconds between two tries to take up a stream again."""


class Connection:
    """Base of ``Client``. Make it inside the event loop that will use it; nothing is sent before the first call."""

    def __init__(
        self, options: ClientOptions | None = None, *, clock: Clock | None = None, patience: float = PATIENCE
    ) -> None:
        """Without options the server is found as ``connect.find`` does. ``patience``: seconds that streams and the
        session wait for a server that went away."""
        self.options = options or connect.find()
        self._clock = clock or SystemClock()
        self._patience = patience
        self._metadata = channel.metadata(self.options.token)
        self._channel = channel.open_channel(self.options.address, self.options.tls)
        self._stub = FleetStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        self.session = Session(
            self._dial,
            address=self.options.address,
            clock=self._clock,
            patience=patience,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up. Work that was accepted goes on."""
        await self.session.close()
        await self._channel.close(None)

    async def _dial(self) -> Stream:
        """The stream of the session: the short way if there is one."""
        options = self.options
        with contextlib.suppress(Unreachable):
            return await near.reach(options.home, options.address, near.SESSION, self._metadata, ToClient)
        return self._stub.Session(metadata=self._metadata)  # type: ignore[no-any-return]  # of untyped code

    async def _ask(self, call: Callable[..., Awaitable[M]], request: object) -> M:
        try:
            return await call(request, metadata=self._metadata)
        except grpc.aio.AioRpcError as failure:
            raise to_error(failure, self.options.address, _named(request)) from None

    async def _stream(self, call: "Begin[M]", request: object) -> AsyncGenerator[M]:
        stream = call(request, metadata=self._metadata)
        try:
            async for message in stream:
                yield message
        except grpc.aio.AioRpcError as failure:
            raise to_error(failure, self.options.address, _named(request)) from None
        finally:
            stream.cancel()  # the caller may have left early

    async def _persist(self, begin: Callable[[], AsyncGenerator[M]]) -> AsyncGenerator[M]:
        """A stream that is begun anew when the server restarts; what it then says again is the caller's affair."""
        heard_at = -math.inf  # nobody there at the first try is told at once
        while True:
            try:
                async with contextlib.aclosing(begin()) as messages:
                    async for message in messages:
                        yield message
                        heard_at = self._clock.steady()
                return
            except Unreachable:
                if self._clock.steady() - heard_at >= self._patience:
                    raise
                await asyncio.sleep(RETRY)


def _named(request: object) -> str:
    """``SubmitRequest`` in words."""
    return f"the {type(request).__name__.removesuffix('Request').lower()} request"
