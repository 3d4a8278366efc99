"""Streams between processes of one machine: frames on a unix socket instead of gRPC on loopback.

A message costs gRPC several times the time that a short task takes, in threads and turns of the event loop on both
sides; a frame costs one ``send``. So where the server runs from the same home, the two streams that all tasks pass
through (a client's session, a worker's link) take this way, and everything else takes the other. Who may come in is
asked at the same gate: whoever connects says first which method it calls, and with what metadata.

    u32 size · message          the highest bit of the size marks the last frame of all: a problem, in JSON
"""

import asyncio
import contextlib
import json
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from google.protobuf.message import Message

from paceline.config import MESSAGE_LIMIT
from paceline.executor import address as reachable
from paceline.model.errors import PacelineError, Unreachable
from paceline.wire.channel import Metadata
from paceline.wire.status import named, too_large
from paceline.wire.whereabouts import runs_at, socket_of

LINK = "/worker.WorkerService/Link"
SESSION = "/paceline.v1.Fleet/Session"

_SIZE = struct.Struct("<I")
_PROBLEM = 1 << 31
_MANY = 64
"""Frames that wait for a slow reader before the other side has to wait."""


M = TypeVar("M", bound=Message)


class Line(asyncio.Protocol):
    """One connection: frames in, frames out. ``came`` is called once it is there."""

    def __init__(self, came: Callable[["Line"], None] = lambda line: None) -> None:
        self._came = came
        self._transport: asyncio.Transport
        self._rest = bytearray()
        self._frames: deque[bytes] = deque()
        self._errors: list[PacelineError] = []  # one or none: why nothing more comes
        self._over = False  # nothing more comes
        self._news = asyncio.Event()
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def receive(self) -> bytes:
        """The next frame. Raises EOFError at the end, and a PacelineError if that is how it ended."""
        while not self._frames and not self._over:
            self._news.clear()
            await self._news.wait()
        if self._frames:
            frame = self._frames.popleft()
            if not self._frames:
                self._transport.resume_reading()
            return frame
        for error in self._errors:
            raise error
        raise EOFError

    async def send(self, frame: bytes) -> None:
        """Send it; wait while the other side is behind. To one that has gone nothing is sent: reading says so."""
        if not self._transport.is_closing():
            self._transport.write(_SIZE.pack(len(frame)) + frame)
            await self._flowing.wait()

    def fail(self, error: PacelineError) -> None:
        """Say what went wrong, as the last thing."""
        told = json.dumps([error.code, error.message, error.hint]).encode()
        self._transport.write(_SIZE.pack(len(told) | _PROBLEM) + told)

    def end(self, *errors: PacelineError) -> None:
        """Read no further, for this reason."""
        self._over = True
        self._errors += errors
        self._news.set()

    def half_close(self) -> None:
        """Nothing more is sent."""
        if not self._transport.is_closing():
            self._transport.write_eof()

    def hang_up(self) -> None:
        """Once what was sent has left."""
        self._transport.close()

    # ── asyncio.Protocol ────────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._came(self)

    def data_received(self, data: bytes) -> None:
        rest = self._rest
        rest += data
        start = 0
        while len(rest) - start >= _SIZE.size and not self._over:
            (size,) = _SIZE.unpack_from(rest, start)
            body = start + _SIZE.size
            end = body + (size & ~_PROBLEM)
            if size & ~_PROBLEM > MESSAGE_LIMIT:
                self.end(PacelineError(f"a frame of {size} bytes: that is no Paceline"))
            elif len(rest) < end:
                break
            elif size & _PROBLEM:
                self.end(named(*json.loads(rest[body:end])))
            else:
                self._frames.append(bytes(rest[body:end]))
            start = end
        del rest[:start]
        if len(self._frames) > _MANY:
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> bool:
        self.end()
        return True  # what we still have to say can be said

    def connection_lost(self, exc: Exception | None) -> None:
        self.end()
        self._flowing.set()

    def pause_writing(self) -> None:
        self._flowing.clear()

    def resume_writing(self) -> None:
        self._flowing.set()


class Stream(Generic[M]):
    """Messages of one kind in (``async for``), of another out. A PacelineError is how the other side ended it."""

    def __init__(self, line: Line, kind: type[M]) -> None:
        self._line = line
        self._kind = kind

    def __aiter__(self) -> "Stream[M]":
        return self

    async def __anext__(self) -> M:
        try:
            return self._kind.FromString(await self._line.receive())
        except EOFError:
            raise StopAsyncIteration from None

    async def write(self, message: Message) -> None:
        """Send it. One that is too large ends the stream: whoever reads it is told."""
        frame = message.SerializeToString()
        if len(frame) > MESSAGE_LIMIT:
            self._line.end(too_large(len(frame), MESSAGE_LIMIT, type(message).__name__))
        else:
            await self._line.send(frame)

    async def done_writing(self) -> None:
        """Nothing follows."""
        self._line.half_close()

    def cancel(self) -> None:
        """Hang up."""
        self._line.hang_up()


async def reach(home: Path, server: str, method: str, metadata: Metadata, kind: type[M]) -> Stream[M]:
    """The server at this address, if it runs from this home. Raises Unreachable if it does not, or not now."""
    if not runs_at(home, server):
        raise Unreachable(f"no server at {server} runs from {home}")
    try:
        with reachable(socket_of(home)) as place:
            _, line = await asyncio.get_running_loop().create_unix_connection(Line, place)
    except OSError as error:
        raise Unreachable(f"{socket_of(home)}: {error.strerror}") from None
    await line.send(json.dumps([method, dict(metadata)]).encode())
    return Stream(line, kind)


async def listen(home: Path, came: Callable[[Line], None]) -> asyncio.Server:
    """Have ``came`` called with everybody who connects. What an earlier server left there is replaced."""
    path = socket_of(home)
    with reachable(path) as place:
        server = await asyncio.get_running_loop().create_unix_server(lambda: Line(came), place)
    path.chmod(0o600)
    return server


def let_go(home: Path) -> None:
    """Nobody listens there any more."""
    with contextlib.suppress(FileNotFoundError):
        socket_of(home).unlink()
