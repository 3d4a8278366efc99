"""The way to a server that is far, or busy."""

import asyncio

import pytest

from paceline.config import ClientOptions, Tls
from paceline.model.errors import NotAllowed
from paceline.sdk.client import Client
from paceline.wire import near
from paceline.wire.address import split_address
from paceline.wire.far import Way
from paceline.wire.gen import worker_pb2 as pb
from tests.agent.server import Script, serving
from tests.proxy import Proxy
from tests.sdk.fleet import FakeFleet


def test_a_server_that_takes_its_time_to_shake_hands_is_waited_for() -> None:
    """A busy machine, or one on another continent: a call is not lost for it."""

    async def run() -> None:
        fleet = FakeFleet()
        await fleet.start()
        try:
            async with Proxy(split_address(fleet.options.address)) as proxy:
                proxy.delay = 0.2
                async with Client(ClientOptions(address=proxy.address, token=fleet.options.token)) as client:
                    assert (await client.info()).version
        finally:
            await fleet.stop()

    asyncio.run(run())


def test_why_a_stream_ended_is_told_although_a_write_failed_before_it_was_known() -> None:
    """gRPC calls that an error of its own: whoever believes it neither waits for a server that restarts, nor is told
    that his token is wrong."""

    async def run() -> None:
        async with serving(Script(refuse=NotAllowed("this key was revoked", hint="join again"))) as address:
            way = Way(address, Tls(), ())
            stream = way.reach(near.LINK, pb.ToWorker)
            stream._call._cython_call.set_internal_error("a write failed")  # what it does then
            with pytest.raises(NotAllowed, match="this key was revoked"):
                await anext(stream)
            await way.close()

    asyncio.run(run())
