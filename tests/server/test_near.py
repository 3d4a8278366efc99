"""The door for processes of this machine: the same gate, the same sessions."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from paceline.model.errors import NotAllowed, PacelineError, UsageError
from paceline.unix import address
from paceline.wire.gen.fleet_pb2 import JobsReply, ToClient
from paceline.wire.near import LINK, SESSION, Line, Stream, reach
from paceline.wire.protocol import FLEET, metadata
from paceline.wire.whereabouts import socket_of
from tests.server.conftest import serving


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
        async with serving(tmp_path) as served:
            said = metadata(served.admin if token == "admin" else token)
            stream = await reach(tmp_path, served.address, method, said, ToClient)
            with pytest.raises(error):
                await anext(stream)
            stream.cancel()

    asyncio.run(scenario())


@pytest.mark.parametrize("first", [b"", b"[]", b'["x"]', b'["x", 1]', b"\xff"])
def test_a_stranger_is_told_how_one_begins(tmp_path: Path, first: bytes) -> None:
    async def scenario() -> None:
        async with serving(tmp_path):
            line = await connected(tmp_path)
            await line.send(first)
            with pytest.raises(UsageError, match="begins with the method"):
                await anext(Stream(line, ToClient))
            line.hang_up()

    asyncio.run(scenario())


def test_one_that_only_looks_in_disturbs_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served:
            line = await connected(tmp_path)
            line.hang_up()
            stream = await reach(tmp_path, served.address, LINK, metadata("pl_worker_x"), ToClient)
            with pytest.raises(NotAllowed):
                await anext(stream)
            stream.cancel()

    asyncio.run(scenario())


def test_who_talks_on_hears_all_the_same_why_he_may_not_come_in(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path):
            with socket.socket(socket.AF_UNIX) as guest:
                with address(socket_of(tmp_path)) as place:
                    guest.connect(place)
                guest.setblocking(False)  # noqa: FBT003 - of the standard library
                guest.sendall(framed(json.dumps([SESSION, {}]).encode()))
                loop = asyncio.get_running_loop()
                told = await loop.sock_recv(guest, 4)
                guest.sendall(framed(b"more"))
                told += await loop.sock_recv(guest, 1000)
            assert b"no credentials were given" in told

    asyncio.run(scenario())


def test_a_request_that_is_none_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served:
            line = await connected(tmp_path)
            await line.send(json.dumps([f"{FLEET}Jobs", dict(metadata(served.admin))]).encode())
            await line.send(b"\xff")
            with pytest.raises(PacelineError, match="1 bytes that are no JobsRequest: that is no Paceline"):
                await anext(Stream(line, JobsReply))
            line.hang_up()

    asyncio.run(scenario())


async def connected(home: Path) -> Line:
    with address(socket_of(home)) as place:
        _, line = await asyncio.get_running_loop().create_unix_connection(Line, place)
    return line


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(4, "little") + message
