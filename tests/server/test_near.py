"""The door for processes of this machine: the same gate, the same sessions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.config import ClientOptions, ServerOptions
from paceline.model.errors import NotAllowed, PacelineError, UsageError
from paceline.sdk.client import Client
from paceline.server.gate import Gate
from paceline.server.links import Links
from paceline.server.near import NearDoor, rooms
from paceline.unix import address
from paceline.wire.gen.fleet_pb2 import SubmitRequest, ToClient
from paceline.wire.near import LINK, SESSION, Line, Stream, reach
from paceline.wire.protocol import metadata
from paceline.wire.whereabouts import socket_of, write_whereabouts
from tests.server.conftest import Served, serving


@asynccontextmanager
async def door(home: Path) -> AsyncIterator[Served]:
    async with serving(home) as served:
        ServerOptions(home=home).directory.mkdir(parents=True, exist_ok=True)
        near = NearDoor(home, Gate(served.fleet.auth, served.fleet.clock), rooms(served.fleet, Links()))
        await near.open()
        write_whereabouts(home, served.address)
        try:
            yield served
        finally:
            await near.close(grace=1.0)
            await asyncio.sleep(0)  # so that the other ends notice


def options(served: Served, home: Path) -> ClientOptions:
    return replace(served.client().options, home=home)


def test_a_session_takes_the_short_way(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with door(tmp_path) as served, Client(options(served, tmp_path)) as client:
            request = SubmitRequest(token="t")
            request.specs.add(name="j", open=True).run.kind = "command"
            request.specs[0].run.body = b'{"argv": ["true"]}'
            request.specs[0].needs.add(cpu=1000)
            answer = await client.session.submit(request)
            assert list(answer.jobs) == [1]
            assert [view.name for view in await client.jobs()] == ["j"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        (SESSION, "", NotAllowed),
        (SESSION, "pl_admin_guessed", NotAllowed),
        (LINK, "admin", NotAllowed),  # a client's token opens no link
        ("/paceline.v1.Fleet/Nothing", "admin", UsageError),
        ("/Nothing", "admin", NotAllowed),
    ],
)
def test_who_may_not_come_in_is_told(tmp_path: Path, method: str, token: str, error: type[PacelineError]) -> None:
    async def scenario() -> None:
        async with door(tmp_path) as served:
            said = metadata(served.admin if token == "admin" else token)
            stream = await reach(tmp_path, served.address, method, said, ToClient)
            with pytest.raises(error):
                await anext(stream)
            stream.cancel()

    asyncio.run(scenario())


@pytest.mark.parametrize("first", [b"", b"[]", b'["x"]', b'["x", 1]', b"\xff"])
def test_a_stranger_is_told_how_one_begins(tmp_path: Path, first: bytes) -> None:
    async def scenario() -> None:
        async with door(tmp_path):
            with address(socket_of(tmp_path)) as place:
                _, line = await asyncio.get_running_loop().create_unix_connection(Line, place)
            await line.send(first)
            with pytest.raises(UsageError, match="begins with the method"):
                await anext(Stream(line, ToClient))
            line.hang_up()

    asyncio.run(scenario())


def test_one_that_only_looks_in_disturbs_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with door(tmp_path) as served:
            with address(socket_of(tmp_path)) as place:
                _, line = await asyncio.get_running_loop().create_unix_connection(Line, place)
            line.hang_up()
            stream = await reach(tmp_path, served.address, LINK, metadata("pl_worker_x"), ToClient)
            with pytest.raises(NotAllowed):
                await anext(stream)
            stream.cancel()

    asyncio.run(scenario())
