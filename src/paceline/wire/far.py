"""Calls and streams to a server anywhere: gRPC, in clear on this machine only.

Every call is made as a stream, which on the wire is what it is: one request is a stream of one. So the two ways to a
server have the same shape (``near``), and what fails comes out of either as the same error.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from paceline.config import MESSAGE_LIMIT, Tls
from paceline.model.errors import UsageError
from paceline.wire.address import is_loopback
from paceline.wire.protocol import Metadata, check_size, in_words
from paceline.wire.status import to_error

M = TypeVar("M", bound=Message)

_OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 10_000),  # what it means is: how long one handshake may take
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.use_local_subchannel_pool", 1),  # else a new channel inherits the back-off of the last one
)


class Stream(Generic[M]):
    """Messages of one kind in (``async for``), of another out. A PacelineError is how it ended, if not well."""

    def __init__(self, call: "grpc.aio.StreamStreamCall[Message, M]", kind: type[M], address: str) -> None:
        self._call = call
        self._kind = kind
        self._address = address
        self._said = ""  # what the server may find too large

    def __aiter__(self) -> "Stream[M]":
        return self

    async def __anext__(self) -> M:
        try:
            message = await self._call.read()
        except grpc.aio.AioRpcError as failure:
            raise to_error(failure, self._address, self._said) from None
        if isinstance(message, self._kind):
            return message
        raise StopAsyncIteration

    async def ask(self, request: Message) -> None:
        """Say this and nothing more. Raises UsageError for what is too large."""
        check_size(request, in_words(request))
        await self.write(request)
        await self._call.done_writing()

    async def write(self, message: Message) -> None:
        """Send it. To a stream that broke nothing is sent: reading says why."""
        self._said = in_words(message)
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await self._call.write(message)

    def cancel(self) -> None:
        """Hang up."""
        self._call.cancel()


class Way:
    """One client's channel. Nothing is sent before the first call."""

    def __init__(self, address: str, tls: Tls, metadata: Metadata) -> None:
        self._address = address
        self._metadata = metadata
        self._channel = open_channel(address, tls)

    def reach(self, method: str, kind: type[M]) -> Stream[M]:
        """A stream to this method. Never fails: that nobody answers, reading says."""
        begin: Callable[..., grpc.aio.StreamStreamCall[Message, M]] = self._channel.stream_stream(
            method, request_serializer=_serialized, response_deserializer=kind.FromString
        )
        return Stream(begin(metadata=self._metadata), kind, self._address)

    async def close(self) -> None:
        """Hang up on everybody."""
        await self._channel.close(None)


def open_channel(address: str, tls: Tls) -> grpc.aio.Channel:
    """Plain on this machine; anywhere else TLS, by the given files or else by the system's authorities."""
    if is_loopback(address) and tls == Tls():
        return grpc.aio.insecure_channel(address, options=_OPTIONS)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=_pem("ca", tls.ca),
        private_key=_pem("key", tls.key),
        certificate_chain=_pem("cert", tls.cert),
    )
    return grpc.aio.secure_channel(address, credentials, options=_OPTIONS)


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()


def _pem(what: str, path: str) -> bytes | None:
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"tls.{what}: {path} cannot be read: {error.strerror}") from None
