"""What leaves on a stream: the first word on an idle stream goes at once, what follows within a moment goes together.

A message costs a hundred times what a word in it costs, so under load waiting half a millisecond is the fastest thing
to do, and after a heavy message two; on an idle stream nothing is gained by waiting, so nothing waits. Who knows that
nobody waits for what he says may ask for longer pauses still (``pace``), or let a word wait for others (``put_by``).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

W = TypeVar("W")

INTERVAL = 0.0005
"""Seconds between two messages on a busy stream."""

HEAVY = 2048
"""Bytes of a message after which the next waits four times as long: what flows so is nobody's single task."""

IDLY = 0.02
"""Seconds that a word which nobody waits for may wait for company."""

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
        self._hurry = asyncio.Event()
        self._closed = False

    def pace(self, interval: float) -> None:
        """Seconds between two messages from now on. A shorter one ends the present pause."""
        if interval < self._interval:
            self._hurry.set()
        self._interval = interval

    def put(self, word: W, size: int = 64) -> None:
        """Send this, after all that was put before."""
        self._words.append((word, size))
        self.waiting += size
        self._some.set()

    def put_by(self, word: W, size: int = 64) -> None:
        """Send this with what is put next, or in a moment: nobody waits for it."""
        if not self._words:
            asyncio.get_running_loop().call_later(IDLY, self._remind)
        self._words.append((word, size))
        self.waiting += size

    def _remind(self) -> None:
        if self._words:
            self._some.set()

    def close(self) -> None:
        """Nothing follows; what was put still goes."""
        self._closed = True
        self._some.set()
        self._hurry.set()

    async def batches(self) -> AsyncIterator[list[W]]:
        """The words, a message's worth at a time, until closed."""
        loop = asyncio.get_running_loop()
        ready_at = 0.0
        while not (self._closed and not self._words):
            await self._some.wait()
            await self._pause(ready_at - loop.time())
            batch, size = self._take()
            if batch:
                ready_at = loop.time() + max(self._interval, 4 * INTERVAL if size >= HEAVY else 0.0)
                yield batch

    async def _pause(self, seconds: float) -> None:
        """Let words gather, unless there is no time for that any more."""
        self._hurry.clear()
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._hurry.wait()

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
