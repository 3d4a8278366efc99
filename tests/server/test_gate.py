"""A conversation over gRPC, when the other side is gone."""

import asyncio
from typing import cast

import grpc.aio

from paceline.server.gate import Context, Far


class Gone:
    """A call's context whose connection broke."""

    def __init__(self) -> None:
        self.tried = 0

    async def write(self, message: object) -> None:
        self.tried += 1
        raise grpc.aio.InternalError("Failed to send")

    async def read(self) -> object:
        return grpc.aio.EOF  # type: ignore[attr-defined]  # missing in the stubs


def test_what_can_be_sent_no_more_is_dropped_and_reading_tells() -> None:
    async def scenario() -> None:
        gone = Gone()
        stream = Far(cast(Context, gone))
        await stream.write("one")
        await stream.write("two")
        assert gone.tried == 2
        assert [message async for message in stream] == []

    asyncio.run(scenario())
