"""A client that costs little: HTTP/1.1 on connections that stay open, one request at a time on each."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

LINE = 1 << 24
"""Bytes of one line, at most: a frame of 250 jobs is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What some requests took, in seconds each."""

    over: float  # all of them together
    each: Sequence[float]

    @property
    def rate(self) -> float:
        return len(self.each) / self.over

    def percentile(self, share: float) -> float:
        return sorted(self.each)[min(len(self.each) - 1, int(len(self.each) * share))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where it is, and the token that opens it."""

    url: str
    token: str

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self.url)
        return await asyncio.open_connection(parts.hostname, parts.port, limit=LINE)

    def request(self, method: str, path: str, body: bytes = b"", headers: str = "") -> bytes:
        """As it is sent."""
        host = urlsplit(self.url).netloc
        length = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {self.token}\r\n{length}{headers}\r\n"
        )
        return head.encode() + body


async def take(server: Server, connections: int, seconds: float, make: Callable[[int], bytes]) -> Taken:
    """As many requests as go through in that time, one on each at least. ``make``: the n-th of them.

    Raises AssertionError for a refusal.
    """
    until = time.perf_counter() + seconds
    numbers = iter(range(1 << 40))
    began = time.perf_counter()
    parts = await asyncio.gather(*(_connection(server, until, lambda: make(next(numbers))) for _ in range(connections)))
    return Taken(over=time.perf_counter() - began, each=[each for part in parts for each in part])


async def _connection(server: Server, until: float, make: Callable[[], bytes]) -> list[float]:
    reader, writer = await server.connect()
    took: list[float] = []
    while not took or time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(make())
        await _answer(reader)
        took.append(time.perf_counter() - began)
    writer.close()
    return took


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = head.split(b" ", 2)[1]
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    assert status.startswith(b"2"), body
