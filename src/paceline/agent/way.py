"""A worker's way to its server: the short one, if both live in the same home."""

import contextlib
from collections.abc import AsyncIterator
from typing import TypeVar

from google.protobuf.message import Message

from paceline.config import WorkerOptions
from paceline.model.errors import Unreachable
from paceline.wire import near
from paceline.wire.far import Way
from paceline.wire.protocol import Metadata
from paceline.wire.stream import Stream

M = TypeVar("M", bound=Message)


@contextlib.asynccontextmanager
async def conversation(
    options: WorkerOptions, method: str, metadata: Metadata, kind: type[M]
) -> AsyncIterator[Stream[M]]:
    """By this method; replies are of this kind. Who leaves hangs up."""
    async with contextlib.AsyncExitStack() as ways:
        stream: Stream[M]
        try:
            stream = await near.reach(options.home, options.server, method, metadata, kind)
        except Unreachable:
            way = Way(options.server, options.tls, metadata, options.keepalive)
            ways.push_async_callback(way.close)
            stream = way.reach(method, kind)
        ways.callback(stream.cancel)
        yield stream
