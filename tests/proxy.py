"""A TCP proxy that misbehaves as networks do: slow, narrow, silent, cut, refusing.

Faults hold for what passes from now on, connections that are already open included. One loop owns a proxy; its methods
are called there.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterable
from types import TracebackType
from typing import Self

CHUNK = 1 << 14


class Proxy:
    """Passes bytes between whoever connects to ``address`` and ``target`` (host and port)."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.delay = 0.0
        """Seconds by which every chunk is late, and so the handshake."""
        self.bandwidth = 0.0
        """Bytes per second of one connection in one direction; 0 is as many as come."""
        self._deaf: set[str] = set()
        self._hearing = asyncio.Event()
        self._hearing.set()
        self._open: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._server: asyncio.Server | None = None
        self.address = ""

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def listen(self) -> None:
        """Let everybody in, on the port of the first time."""
        port = int(self.address.rpartition(":")[2]) if self.address else 0
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", port)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Refuse whoever comes, hang up on whoever is there."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.cut()

    async def cut(self) -> None:
        """Hang up in good order; whoever comes again is let in."""
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def reset(self) -> None:
        """Hang up as a crashed host does: what was under way is gone, and both ends are told by RST."""
        for writers in self._open.values():
            _reset_when_closed(writers)
        await self.cut()

    async def abort(self) -> None:
        """Hang up on the target alone, by RST. Who connected hears of it too, unless a partition is between."""
        for _, *there in self._open.values():
            _reset_when_closed(there)
            for writer in there:
                writer.transport.abort()

    def partition(self, *directions: str) -> None:
        """Nothing passes "up" (to the target), or "down", or both; nobody is told, connections stay open."""
        self._deaf = set(directions or ("up", "down"))
        self._hearing.clear()

    def heal(self) -> None:
        """What was held back passes, late."""
        self._deaf.clear()
        self._hearing.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        writers = self._open[task] = [writer]
        try:
            await self._pass("up")
            there, back = await asyncio.open_connection(*self.target)
            writers.append(back)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, back, "up"))
                both.create_task(self._pump(there, writer, "down"))
        except (asyncio.CancelledError, OSError, ExceptionGroup):
            return  # cut, or one of the two hung up
        finally:
            del self._open[task]
            for each in writers:
                each.close()
                with contextlib.suppress(OSError):
                    await each.wait_closed()

    async def _pump(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, direction: str) -> None:
        while data := await source.read(CHUNK):
            await self._pass(direction, len(data))
            to.write(data)
            await to.drain()
        await self._pass(direction)  # hanging up is also something that must get through
        raise ConnectionResetError  # the other direction goes with this one

    async def _pass(self, direction: str, size: int = 0) -> None:
        while direction in self._deaf:
            await self._hearing.wait()
        if seconds := self.delay + (size / self.bandwidth if self.bandwidth else 0.0):
            await asyncio.sleep(seconds)


def _reset_when_closed(writers: Iterable[asyncio.StreamWriter]) -> None:
    for writer in writers:
        there: socket.socket = writer.get_extra_info("socket")
        there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
