"""One client's way to its server: every call carries the token and the protocol, and fails as one of our errors."""

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Callable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from google.protobuf.message import Message

from paceline.clock import Clock, SystemClock
from paceline.config import ClientOptions
from paceline.model.errors import Unreachable
from paceline.sdk import connect
from paceline.sdk.session import PATIENCE, Session
from paceline.wire import near
from paceline.wire.gen.fleet_pb2 import ToClient
from paceline.wire.protocol import FLEET, metadata
from paceline.wire.stream import Stream

if TYPE_CHECKING:
    from paceline.wire import far

M = TypeVar("M", bound=Message)

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
        self._metadata = metadata(self.options.token)
        self.session = Session(
            lambda: self._reach(near.SESSION, ToClient),
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
        if "_far" in vars(self):
            await self._far.close()

    async def _reach(self, method: str, kind: type[M]) -> Stream[M]:
        """A stream to this method of the server: the short way if there is one."""
        options = self.options
        with contextlib.suppress(Unreachable):
            return await near.reach(options.home, options.address, method, self._metadata, kind)
        return self._far.reach(method, kind)

    @cached_property
    def _far(self) -> "far.Way":
        from paceline.wire import far  # noqa: PLC0415 - gRPC: a third of a command's time, if it has a server next door

        return far.Way(self.options.address, self.options.tls, self._metadata)

    async def _ask(self, name: str, request: Message, kind: type[M]) -> M:
        """The reply to a call that has one."""
        stream = await self._reach(f"{FLEET}{name}", kind)
        try:
            return await stream.answer(request)
        finally:
            stream.cancel()

    async def _stream(self, name: str, request: Message, kind: type[M]) -> AsyncGenerator[M]:
        """The replies to a call. Leaving early cancels it."""
        stream = await self._reach(f"{FLEET}{name}", kind)
        try:
            await stream.ask(request)
            async for message in stream:
                yield message
        finally:
            stream.cancel()

    async def _persist(self, begin: Callable[[], AsyncGenerator[M]]) -> AsyncGenerator[M]:
        """A stream that is begun anew when the server restarts; what it then says again is the caller's affair."""
        there, lost_at = False, -math.inf  # nobody there at the first try is told at once
        while True:
            try:
                async with contextlib.aclosing(begin()) as messages:
                    async for message in messages:
                        there = True
                        yield message
                return
            except Unreachable:
                if there:  # until now, however long it had nothing to say
                    there, lost_at = False, self._clock.steady()
                if self._clock.steady() - lost_at >= self._patience:
                    raise
                await asyncio.sleep(RETRY)
