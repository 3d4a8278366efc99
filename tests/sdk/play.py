"""A scenario between a client and a server of the test's own."""

import asyncio
from collections.abc import Callable, Coroutine

from paceline.sdk.client import Client
from tests.sdk.fleet import FakeFleet


def play(scenario: Callable[[FakeFleet, Client], Coroutine[None, None, None]]) -> None:
    """Run it."""

    async def run() -> None:
        server = FakeFleet()
        await server.start()
        try:
            async with Client(server.options) as client:
                await scenario(server, client)
        finally:
            await server.stop()

    asyncio.run(run())
