"""The way to a server that is far, or busy."""

import asyncio

from paceline.config import ClientOptions
from paceline.sdk.client import Client
from paceline.wire.address import split_address
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
