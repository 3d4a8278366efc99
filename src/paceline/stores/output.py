"""Which part of an attempt's output is kept: the first 32 MiB of a stream and the last, never a byte twice.

Chunks arrive in order. After a reconnect an agent sends again what it is not sure of, so a chunk may begin before what
is already here ends; only what goes beyond is new. It may also begin later: the agent shed what is between.
"""

from collections.abc import Iterable

from paceline.model.queries import Log
from paceline.model.views import LogPage

HEAD = 32 << 20
"""Bytes from the start of a stream that are never shed."""
TAIL = 32 << 20
"""Bytes up to its end that are kept."""


def unseen(size: int, offset: int, data: bytes) -> tuple[int, bytes]:
    """What of a chunk lies beyond the first ``size`` bytes, and where that begins."""
    known = min(max(size - offset, 0), len(data))
    return offset + known, data[known:]


def page(query: Log, size: int, chunks: Iterable[tuple[int, bytes]]) -> LogPage:
    """The answer from chunks in order, of which the first may begin before the offset that was asked for."""
    start, data = query.offset, b""
    for at, piece in chunks:
        fresh = piece[max(start + len(data) - at, 0) :]
        if not data:
            start = max(start, at) if fresh else start
        elif at > start + len(data):
            break  # the bytes between were shed: the next page says so
        data += fresh
        if len(data) >= query.limit:
            break
    return LogPage(start=start, data=data[: query.limit], size=size)
