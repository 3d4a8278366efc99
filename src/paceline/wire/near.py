"""Calls and streams between processes of one machine: frames on a unix socket instead of gRPC on loopback.

A message costs gRPC several times the time that a short task takes, in threads and turns of the event loop on both
sides, and its import alone a good part of what a command may take; a frame costs one ``send``. So whoever lives in the
same home as the server takes this way, and everybody else the other (``far``). Who may come in is asked at the same
gate: whoever connects says first which method it calls, and with what metadata.

    u32 size · message          the highest bit of the size marks the last frame of all: empty, or a problem, in JSON

A connection is one call. Who made it ends it early by hanging up; who answers says that it was the last, so that an
answer that broke off is never taken for a whole one.
"""

import asyncio
import contextlib
import json
import socket
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar, cast

from google.protobuf.message import DecodeError, Message

from paceline.config import MESSAGE_LIMIT
from paceline.model.errors import PacelineError, Unreachable
from paceline.unix import address
from paceline.wire.protocol import FLEET, Metadata, check_size, in_words, named, too_large
from paceline.wire.whereabouts import runs_at, socket_of

LINK = "/worker.WorkerService/Link"
FILES = "/worker.WorkerService/Files"
SESSION = f"{FLEET}Session"

_SIZE = struct.Struct("<I")
_LAST = 1 << 31
_MANY = 64
"""Frames that wait for a slow reader before the other side has to wait."""
_PARTING = 2.0
"""Seconds that the other side has to hang up after the last frame."""
_QUEUE = 1024
"""Connections that wait for a server which is busy with something else; one more takes the other way."""


M = TypeVar("M", bound=Message)


class Line(asyncio.Protocol):
    """One connection: frames in, frames out. ``came`` is called once it is there."""

    def __init__(self, came: Callable[["Line"], None] = lambda line: None) -> None:
        self._came = came
        self._left: Callable[[], object] = lambda: None
        self._transport: asyncio.Transport
        self._rest = bytearray()
        self._frames: deque[bytes] = deque()
        self._errors: list[PacelineError] = []  # one or none: why nothing more comes
        self._over = False  # nothing more comes
        self.finished = False  # and the other side said so
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

    async def finish(self, problem: PacelineError | None = None) -> None:
        """Say that nothing follows, and what went wrong if something did. Then wait until the other side hangs up:
        it may be talking still, and hanging up on it would lose what we said."""
        told = json.dumps([problem.code, problem.message, problem.hint]).encode() if problem else b""
        if not self._transport.is_closing():
            self._transport.write(_SIZE.pack(len(told) | _LAST) + told)
            self.half_close()
        self._left = lambda: None
        with contextlib.suppress(EOFError, PacelineError, TimeoutError):
            async with asyncio.timeout(_PARTING):
                while True:
                    await self.receive()

    def end(self, *errors: PacelineError) -> None:
        """Read no further, for this reason."""
        self._over = True
        self._errors += errors
        self._news.set()

    def cancel_when_left(self) -> None:
        """Cancel the present task once the other side says no more."""
        task = asyncio.current_task()
        assert task is not None
        self._left = task.cancel
        if self._over:
            task.cancel()

    def half_close(self) -> None:
        """Nothing more is sent."""
        if not self._transport.is_closing():
            self._transport.write_eof()

    def hang_up(self) -> None:
        """Once what was sent has left."""
        self._transport.close()

    # ── asyncio.Protocol ────────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._came(self)

    def data_received(self, data: bytes) -> None:
        rest = self._rest
        rest += data
        start = 0
        while len(rest) - start >= _SIZE.size and not self._over:
            (size,) = _SIZE.unpack_from(rest, start)
            body = start + _SIZE.size
            end = body + (size & ~_LAST)
            if size & ~_LAST > MESSAGE_LIMIT:
                self.end(PacelineError(f"a frame of {size} bytes: that is no Paceline"))
            elif len(rest) < end:
                break
            elif size & _LAST:
                self._finished(bytes(rest[body:end]))
            else:
                self._frames.append(bytes(rest[body:end]))
            start = end
        del rest[:start]
        if len(self._frames) > _MANY:
            self._transport.pause_reading()
        self._news.set()

    def _finished(self, problem: bytes) -> None:
        self.finished = True
        self.end(*([named(*json.loads(problem))] if problem else ()))

    def eof_received(self) -> bool:
        self.end()
        self._left()
        return True  # what we still have to say can be said

    def connection_lost(self, exc: Exception | None) -> None:
        self.end()
        self._left()
        self._flowing.set()

    def pause_writing(self) -> None:
        self._flowing.clear()

    def resume_writing(self) -> None:
        self._flowing.set()


class Stream(Generic[M]):
    """Messages of one kind in (``async for``), of another out. A PacelineError is how the other side ended it.

    A server says when it has said all; with its address, that it hung up without a word is Unreachable.
    """

    def __init__(self, line: Line, kind: type[M], server: str = "") -> None:
        self._line = line
        self._kind = kind
        self._server = server

    def __aiter__(self) -> "Stream[M]":
        return self

    async def __anext__(self) -> M:
        try:
            return self._decoded(await self._line.receive())
        except EOFError:
            if self._server and not self._line.finished:
                raise Unreachable(f"the server at {self._server} hung up") from None
            raise StopAsyncIteration from None

    async def request(self) -> M:
        """The one message of a call. From here on the present task is cancelled if the caller leaves.

        Raises EOFError if he only looked in.
        """
        message = self._decoded(await self._line.receive())
        self._line.cancel_when_left()
        return message

    async def answer(self, request: Message) -> M:
        """The one reply to this. Raises UsageError for what is too large, and how it failed."""
        await self.ask(request)
        async for reply in self:
            return reply
        raise PacelineError(f"no answer to {in_words(request)}")

    async def ask(self, request: Message) -> None:
        """Say this and nothing more; replies follow. Our end stays open: that it closes is how one leaves early.

        Raises UsageError for what is too large.
        """
        check_size(request, in_words(request))
        await self.write(request)

    async def write(self, message: Message) -> None:
        """Send it. One that is too large ends the stream: whoever reads it is told."""
        frame = message.SerializeToString()
        if len(frame) > MESSAGE_LIMIT:
            self._line.end(too_large(len(frame), in_words(message)))
        else:
            await self._line.send(frame)

    async def done_writing(self) -> None:
        """Nothing follows."""
        self._line.half_close()

    def cancel(self) -> None:
        """Hang up."""
        self._line.hang_up()

    def _decoded(self, frame: bytes) -> M:
        try:
            return self._kind.FromString(frame)
        except DecodeError:
            raise PacelineError(f"{len(frame)} bytes that are no {self._kind.__name__}: that is no Paceline") from None


async def reach(home: Path, server: str, method: str, metadata: Metadata, kind: type[M]) -> Stream[M]:
    """The server at this address, if it runs from this home. Raises Unreachable if it does not, or not now."""
    if not runs_at(home, server):
        raise Unreachable(f"no server at {server} runs from {home}")
    _, line = await asyncio.get_running_loop().create_unix_connection(Line, sock=_connected(home))
    await line.send(json.dumps([method, dict(metadata)]).encode())
    return Stream(line, kind, server)


def _connected(home: Path) -> socket.socket:
    """Made here, at once or not at all: asyncio takes a full queue for a connection."""
    door = socket.socket(socket.AF_UNIX)
    try:
        door.settimeout(0)
        with address(socket_of(home)) as place:
            door.connect(place)
    except OSError as error:
        door.close()
        raise Unreachable(f"{socket_of(home)}: {error.strerror}") from None
    return door


async def listen(home: Path, came: Callable[[Line], None]) -> asyncio.Server:
    """Have ``came`` called with everybody who connects. What an earlier server left there is replaced."""
    path = socket_of(home)
    with address(path) as place:
        server = await asyncio.get_running_loop().create_unix_server(lambda: Line(came), place, backlog=_QUEUE)
    path.chmod(0o600)
    return server


def let_go(home: Path) -> None:
    """Nobody listens there any more."""
    with contextlib.suppress(FileNotFoundError):
        socket_of(home).unlink()
