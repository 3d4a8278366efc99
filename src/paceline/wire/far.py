"""Calls and streams to a server anywhere: gRPC, in clear on this machine only.

The two ways to a server have the same shape (``near``), and what fails comes out of either as the same error.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from paceline.config import MESSAGE_LIMIT, KeepAlive, Tls
from paceline.model.errors import UsageError
from paceline.wire.address import is_loopback
from paceline.wire.protocol import Metadata, check_size, in_words
from paceline.wire.status import to_error

M = TypeVar("M", bound=Message)

_OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 10_000),  # what it means is: how long one handshake may take
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.use_local_subchannel_pool", 1),  # else a new channel inherits the back-off of the last one
)

_BROKEN = "Internal error from Core"
"""What gRPC says of a stream on which a write failed, until it has read how the other side ended it."""
_ASKED, _MOMENT = 100, 0.01
"""How often it is asked for the latter, and seconds in between."""


class Stream(Generic[M]):
    """Messages of one kind in (``async for``), of another out. A PacelineError is how it ended, if not well."""

    def __init__(self, way: "Way", method: str, kind: type[M]) -> None:
        self._way = way
        self._method = method
        self._kind = kind
        self._said = ""  # what the server may find too large

    @cached_property
    def _call(self) -> Any:
        """A conversation, unless all that we had to say was one request."""
        return self._way.begin(self._way.channel.stream_stream, self._method, self._kind)

    def __aiter__(self) -> "Stream[M]":
        return self

    async def __anext__(self) -> M:
        try:
            message = await self._read()
        except grpc.aio.AioRpcError as failure:
            raise to_error(failure, self._way.address, self._said) from None
        if isinstance(message, self._kind):
            return message
        raise StopAsyncIteration

    async def answer(self, request: Message) -> M:
        """The one reply to this. Raises UsageError for what is too large, and how it failed."""
        self._begin(self._way.channel.unary_unary, request)
        try:
            reply: M = await self._call
        except grpc.aio.AioRpcError as failure:
            raise to_error(failure, self._way.address, self._said) from None
        return reply

    async def ask(self, request: Message) -> None:
        """Say this and nothing more; replies follow. Raises UsageError for what is too large."""
        self._begin(self._way.channel.unary_stream, request)

    async def write(self, message: Message) -> None:
        """Send it. To a stream that broke nothing is sent: reading says why."""
        self._said = in_words(message)
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await self._call.write(message)

    async def done_writing(self) -> None:
        """Nothing follows."""
        with contextlib.suppress(asyncio.InvalidStateError):
            await self._call.done_writing()

    def cancel(self) -> None:
        """Hang up."""
        if "_call" in vars(self):
            self._call.cancel()

    async def _read(self) -> Any:
        """The next message, or how it ended; which gRPC knows a moment later than that a write failed."""
        for _ in range(_ASKED):
            try:
                return await self._call.read()
            except grpc.aio.AioRpcError as failure:
                if failure.details() != _BROKEN:
                    raise
            await asyncio.sleep(_MOMENT)
        return await self._call.read()

    def _begin(self, shape: Any, request: Message) -> None:
        self._said = in_words(request)
        check_size(request, self._said)
        self._call = self._way.begin(shape, self._method, self._kind, request)


class Way:
    """One client's channel. Nothing is sent before the first call."""

    def __init__(self, address: str, tls: Tls, metadata: Metadata, keepalive: KeepAlive = KeepAlive()) -> None:  # noqa: B008 - frozen
        self.address = address
        self.channel = open_channel(address, tls, keepalive)
        self._metadata = metadata

    def reach(self, method: str, kind: type[M]) -> Stream[M]:
        """A stream to this method. Never fails: that nobody answers, reading says."""
        return Stream(self, method, kind)

    def begin(self, shape: Any, method: str, kind: type[Message], *request: Message) -> Any:
        """The call itself."""
        call = shape(method, request_serializer=_serialized, response_deserializer=kind.FromString)
        return call(*request, metadata=self._metadata)

    async def close(self) -> None:
        """Hang up on everybody."""
        await self.channel.close(None)


def open_channel(address: str, tls: Tls, keepalive: KeepAlive = KeepAlive()) -> grpc.aio.Channel:  # noqa: B008 - frozen
    """Plain on this machine; anywhere else TLS, by the given files or else by the system's authorities."""
    options = (*_OPTIONS, *lasting(keepalive))
    if is_loopback(address) and tls == Tls():
        return grpc.aio.insecure_channel(address, options=options)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=_pem("ca", tls.ca),
        private_key=_pem("key", tls.key),
        certificate_chain=_pem("cert", tls.cert),
    )
    return grpc.aio.secure_channel(address, credentials, options=options)


def lasting(keepalive: KeepAlive) -> Sequence[tuple[str, int]]:
    """gRPC's options for it, on either side."""
    return (
        ("grpc.keepalive_time_ms", int(keepalive.time * 1000)),
        ("grpc.keepalive_timeout_ms", int(keepalive.timeout * 1000)),
        ("grpc.keepalive_permit_without_calls", int(keepalive.idle)),
    )


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()


def _pem(what: str, path: str) -> bytes | None:
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"tls.{what}: {path} cannot be read: {error.strerror}") from None
