"""The proxy that other tests trust to break connections in a certain way, and not in another."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias, TypeVar

import pytest

from tests.proxy import Proxy

T = TypeVar("T")
Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
SOON = 0.05
"""Seconds in which something that is on its way arrives, on one machine."""


class Scene:
    """A server that sends back whatever comes, a proxy before it, and whoever connects to that."""

    def __init__(self) -> None:
        self.ends: asyncio.Queue[str] = asyncio.Queue()  # how connections ended, as the server saw it
        self.heard = 0  # bytes
        self.proxy: Proxy
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> Streams:
        """Through the proxy."""
        host, _, port = self.proxy.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        self._writers.append(writer)
        return reader, writer

    async def echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while data := await reader.read(1 << 16):
                self.heard += len(data)
                writer.write(data)
            self.ends.put_nowait("end")
        except ConnectionResetError:
            self.ends.put_nowait("reset")
        finally:
            writer.close()

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Scene, Streams]]:
    """With a connection that works."""
    scene = Scene()
    async with await asyncio.start_server(scene.echo, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with Proxy((host, port)) as scene.proxy:
            reader, writer = await scene.connect()
            writer.write(b"a")
            assert await reader.readexactly(1) == b"a"
            yield scene, (reader, writer)
            scene.proxy.heal()
            await scene.close()


async def in_vain(waiting: "asyncio.Task[T]") -> bool:
    """Nothing comes; it goes on waiting."""
    done, _ = await asyncio.wait({waiting}, timeout=SOON)
    return not done


def play(story: Callable[[Scene, Streams], Awaitable[None]]) -> None:
    async def playing() -> None:
        async with asyncio.timeout(10), proxied() as (scene, streams):
            await story(scene, streams)

    asyncio.run(playing())


def test_what_was_cut_off_arrives_late_and_whole() -> None:
    async def story(scene: Scene, streams: Streams) -> None:
        reader, writer = streams
        scene.proxy.partition()
        writer.write(b"bc")
        coming = asyncio.create_task(reader.readexactly(2))
        assert await in_vain(coming)
        scene.proxy.heal()
        assert await coming == b"bc"

    play(story)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_one_direction_alone_can_be_silent(direction: str) -> None:
    async def story(scene: Scene, streams: Streams) -> None:
        reader, writer = streams
        scene.proxy.partition(direction)
        writer.write(b"b")
        coming = asyncio.create_task(reader.readexactly(1))
        assert await in_vain(coming)
        assert scene.heard == (2 if direction == "down" else 1)
        scene.proxy.heal()
        assert await coming == b"b"

    play(story)


def test_whoever_comes_during_a_partition_waits_and_is_not_refused() -> None:
    async def story(scene: Scene, streams: Streams) -> None:
        scene.proxy.partition()
        reader, writer = await scene.connect()
        writer.write(b"b")
        coming = asyncio.create_task(reader.readexactly(1))
        assert await in_vain(coming)
        scene.proxy.heal()
        assert await coming == b"b"

    play(story)


def test_a_connection_is_half_open_when_its_target_hangs_up_behind_a_partition() -> None:
    async def story(scene: Scene, streams: Streams) -> None:
        reader, _ = streams
        scene.proxy.partition()
        await scene.proxy.abort()
        assert await scene.ends.get() == "reset"
        gone = asyncio.create_task(reader.read(1))
        assert await in_vain(gone)
        scene.proxy.heal()
        assert await gone == b""

    play(story)


def test_a_reset_is_told_as_one() -> None:
    async def story(scene: Scene, streams: Streams) -> None:
        reader, _ = streams
        await scene.proxy.reset()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        assert await scene.ends.get() == "reset"

    play(story)


def test_a_cut_is_an_end_and_who_comes_again_is_let_in() -> None:
    async def story(scene: Scene, streams: Streams) -> None:
        reader, _ = streams
        await scene.proxy.cut()
        assert await reader.read(1) == b""
        reader, writer = await scene.connect()
        writer.write(b"b")
        assert await reader.readexactly(1) == b"b"

    play(story)


def test_a_closed_proxy_refuses_and_listens_again_where_it_was() -> None:
    async def story(scene: Scene, streams: Streams) -> None:
        before = scene.proxy.address
        await scene.proxy.close()
        with pytest.raises(ConnectionRefusedError):
            await scene.connect()
        await scene.proxy.listen()
        assert scene.proxy.address == before

    play(story)


@pytest.mark.parametrize(("delay", "bandwidth", "least"), [(0.05, 0.0, 0.1), (0.0, 10_000.0, 0.1)])
def test_a_delay_is_per_direction_and_a_bandwidth_per_byte(delay: float, bandwidth: float, least: float) -> None:
    async def story(scene: Scene, streams: Streams) -> None:
        reader, writer = streams
        scene.proxy.delay, scene.proxy.bandwidth = delay, bandwidth
        loop = asyncio.get_running_loop()
        began = loop.time()
        writer.write(bytes(500))
        await reader.readexactly(500)
        assert least <= loop.time() - began < 10 * least

    play(story)
