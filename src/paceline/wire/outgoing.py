"""What leaves on a stream: the first word on an idle stream goes at once, what follows within a moment goes together.

A message costs a hundred times what a word in it costs, so under load waiting half a millisecond is the fastest thing
to do, and after a heavy message two; on an idle stream nothing is gained by waiting, so nothing waits.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

W = TypeVar("W")

INTERVAL = 0.0005
"""Seconds between two messages on a busy stream."""

HEAVY = 2048
"""Bytes of a message after which the next waits four intervals: what flows in such amounts is nobody's single task."""

BATCH = 1 << 20
"""Bytes after which a message is full."""


class Outgoing(Generic[W]):
    """Words in, batches out. ``put`` never blocks; ``size`` of a word counts towards a message's fill."""

    def __init__(self, interval: float = INTERVAL, batch: int = BATCH) -> None:
        self._interval = interval
        self._batch = batch
        self._words: list[tuple[W, int]] = []
        self.waiting = 0  # bytes that were put and not yet taken
        self._some = asyncio.Event()
        self._closed = False

    def put(self, word: W, size: int = 64) -> None:
        """Send this, after all that was put before."""
        self._words.append((word, size))
        self.waiting += size
        self._some.set()

    def close(self) -> None:
        """Nothing follows; what was put still goes."""
        self._closed = True
        self._some.set()

    async def batches(self) -> AsyncIterator[list[W]]:
        """The words, a message's worth at a time, until closed."""
        loop = asyncio.get_running_loop()
        ready_at = 0.0
        while not (self._closed and not self._words):
            await self._some.wait()
            pause = ready_at - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            batch, size = self._take()
            if batch:
                ready_at = loop.time() + self._interval * (4 if size >= HEAVY else 1)
                yield batch

    def _take(self) -> tuple[list[W], int]:
        """One message's words, and their bytes."""
        count = self._message_end()
        batch = [word for word, _ in self._words[:count]]
        size = sum(size for _, size in self._words[:count])
        self.waiting -= size
        del self._words[:count]
        if not self._words and not self._closed:
            self._some.clear()
        return batch, size

    def _message_end(self) -> int:
        """How many of the waiting words fill one message; one at least, however large."""
        total = 0
        for position, (_, size) in enumerate(self._words):
            if position and total + size > self._batch:
                return position
            total += size
        return len(self._words)
