"""Frames between two processes of one machine."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from paceline.config import MESSAGE_LIMIT, ServerOptions
from paceline.model.errors import NotAllowed, PacelineError, Unreachable, UsageError
from paceline.wire.gen.fleet_pb2 import Append, ClientWord, FromClient, JobsRequest, ToClient
from paceline.wire.near import SESSION, Line, Stream, let_go, listen, reach
from paceline.wire.whereabouts import socket_of, write_whereabouts

ADDRESS = "127.0.0.1:50999"


async def parted() -> None:
    """Let both ends notice that nobody is there any more."""
    for _ in range(5):
        await asyncio.sleep(0)


Host = Callable[[Stream[FromClient]], Awaitable[None]]
Guest = Callable[[Stream[ToClient]], Awaitable[None]]


def word(number: int, size: int = 0) -> FromClient:
    return FromClient(words=[ClientWord(append=Append(call=number, payloads=[bytes(size)]))])


def numbers(message: FromClient) -> list[int]:
    return [word.append.call for word in message.words]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "server").mkdir()
    write_whereabouts(tmp_path, ADDRESS)
    return tmp_path


def converse(home: Path, host: Host, guest: Guest) -> None:
    """Run both sides to their end."""

    async def attend(line: Line) -> None:
        await line.receive()
        try:
            await host(Stream(line, FromClient))
            await line.finish()
        except PacelineError as error:
            await line.finish(error)
        line.hang_up()

    async def scenario() -> None:
        lines: asyncio.Queue[Line] = asyncio.Queue()
        server = await listen(home, lines.put_nowait)
        stream = await reach(home, ADDRESS, SESSION, (("authorization", "Bearer x"),), ToClient)
        attended = asyncio.ensure_future(attend(await lines.get()))
        await guest(stream)
        stream.cancel()
        await attended
        server.close()
        await parted()

    asyncio.run(scenario())


async def nothing(stream: Stream[FromClient]) -> None: ...


def test_whoever_connects_says_what_it_calls_and_who_it_is(home: Path) -> None:
    async def scenario() -> None:
        lines: asyncio.Queue[Line] = asyncio.Queue()
        server = await listen(home, lines.put_nowait)
        stream = await reach(home, ADDRESS, SESSION, (("authorization", "Bearer x"),), ToClient)
        line = await lines.get()
        assert json.loads(await line.receive()) == [SESSION, {"authorization": "Bearer x"}]
        stream.cancel()
        with pytest.raises(EOFError):
            await line.receive()
        line.hang_up()
        server.close()
        await parted()

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [0, 1, 100_000, MESSAGE_LIMIT - 100])
def test_messages_arrive_whole_and_in_order(home: Path, size: int) -> None:
    heard: list[list[int]] = []

    async def host(stream: Stream[FromClient]) -> None:
        async for message in stream:
            heard.append(numbers(message))
            await stream.write(ToClient())

    async def guest(stream: Stream[ToClient]) -> None:
        for number in (1, 2, 3):
            await stream.write(word(number, size))
        await stream.done_writing()
        assert len([answer async for answer in stream]) == 3

    converse(home, host, guest)
    assert heard == [[1], [2], [3]]


def test_a_fast_writer_waits_for_a_slow_reader(home: Path) -> None:
    async def host(stream: Stream[FromClient]) -> None:
        read = [numbers(message) async for message in stream]
        assert read == [[number] for number in range(400)]

    async def guest(stream: Stream[ToClient]) -> None:
        for number in range(400):
            await stream.write(word(number, 50_000))

    converse(home, host, guest)


def test_a_problem_ends_a_stream_as_the_error_it_is(home: Path) -> None:
    async def host(stream: Stream[FromClient]) -> None:
        await stream.write(ToClient())
        raise NotAllowed("the token has expired", hint="ask for another")

    async def guest(stream: Stream[ToClient]) -> None:
        assert await anext(stream) == ToClient()
        with pytest.raises(NotAllowed, match="the token has expired") as told:
            await anext(stream)
        assert told.value.hint == "ask for another"

    converse(home, host, guest)


def test_an_end_that_nobody_announced_is_no_end(home: Path) -> None:
    async def host(stream: Stream[FromClient]) -> None:
        await stream.write(ToClient())
        stream.cancel()

    async def guest(stream: Stream[ToClient]) -> None:
        assert await anext(stream) == ToClient()
        with pytest.raises(Unreachable, match="the server at 127.0.0.1:50999 hung up"):
            await anext(stream)

    converse(home, host, guest)


def test_one_who_has_nothing_to_say_gives_no_answer(home: Path) -> None:
    async def guest(stream: Stream[ToClient]) -> None:
        with pytest.raises(PacelineError, match="no answer to the jobs request"):
            await stream.answer(JobsRequest())

    converse(home, nothing, guest)


def test_who_answers_is_told_that_nobody_waits_any_more(home: Path) -> None:
    ends: list[str] = []

    async def host(stream: Stream[FromClient]) -> None:
        ends.append(repr(numbers(await stream.request())))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")

    async def guest(stream: Stream[ToClient]) -> None:
        await stream.ask(word(1))

    converse(home, host, guest)
    assert ends == ["[1]", "cancelled"]


def test_a_queue_that_is_full_is_no_way(home: Path) -> None:
    async def scenario() -> None:
        with socket.socket(socket.AF_UNIX) as busy:
            busy.bind(str(socket_of(home)))
            busy.listen(0)
            first = await reach(home, ADDRESS, SESSION, (), ToClient)
            with pytest.raises(Unreachable, match="server.sock: Resource temporarily unavailable"):
                await reach(home, ADDRESS, SESSION, (), ToClient)
            first.cancel()
            await parted()

    asyncio.run(scenario())


def test_a_message_that_is_too_large_ends_the_stream_for_its_reader(home: Path) -> None:
    async def guest(stream: Stream[ToClient]) -> None:
        await stream.write(word(1, MESSAGE_LIMIT))
        with pytest.raises(
            UsageError, match="a word of the session is 4,194,3.. bytes, one message carries at most 4,194,304"
        ):
            await anext(stream)

    converse(home, nothing, guest)


def test_what_no_paceline_says_is_not_read_on(home: Path) -> None:
    async def scenario() -> None:
        lines: asyncio.Queue[Line] = asyncio.Queue()
        server = await listen(home, lines.put_nowait)
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(socket_of(home)))
            stranger.sendall(struct.pack("<I", MESSAGE_LIMIT + 1) + b"x" * 100)
            line = await lines.get()
            with pytest.raises(PacelineError, match="that is no Paceline"):
                await line.receive()
        line.hang_up()
        server.close()
        await parted()

    asyncio.run(scenario())


def test_words_to_one_that_has_gone_are_dropped_and_reading_says_so(home: Path) -> None:
    async def guest(stream: Stream[ToClient]) -> None:
        assert [answer async for answer in stream] == []
        await stream.write(word(1))
        await stream.done_writing()

    converse(home, nothing, guest)


def test_only_the_server_of_this_home_is_near(home: Path) -> None:
    async def scenario(where: Path, address: str) -> None:
        with pytest.raises(Unreachable):
            await reach(where, address, SESSION, (), ToClient)

    asyncio.run(scenario(home, "127.0.0.1:50998"))  # another one
    asyncio.run(scenario(home / "empty", ADDRESS))  # nobody ever ran from here
    asyncio.run(scenario(home, ADDRESS))  # not listening


def test_a_socket_is_its_owners_and_what_a_dead_server_left_is_replaced(home: Path) -> None:
    async def scenario() -> None:
        for _ in range(2):
            server = await listen(home, lambda line: None)
            assert socket_of(home).stat().st_mode & 0o777 == 0o600
            server.close()
        let_go(home)
        let_go(home)
        assert not socket_of(home).exists()

    asyncio.run(scenario())


def test_a_home_with_a_long_path_works_too(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    ServerOptions(home=home).directory.mkdir(parents=True)
    write_whereabouts(home, ADDRESS)
    converse(home, nothing, lambda stream: _ended(stream))


async def _ended(stream: Stream[ToClient]) -> None:
    assert [answer async for answer in stream] == []
