"""Words on their way to the server.

The first word on an idle stream leaves at once, so that a lone task waits for nothing. What comes within half a
millisecond of a message leaves together in the next one, so that ten thousand single submits cost a few hundred
messages.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from paceline.wire.gen import fleet_pb2 as fleet

PAUSE = 0.0005
"""Seconds between two messages."""
FULL = 1 << 20
"""Bytes of words that make a message full; a single longer word travels alone."""


class Outbox:
    """Words in, messages out, in order."""

    def __init__(self) -> None:
        self._words: deque[fleet.ClientWord] = deque()
        self._filled = asyncio.Event()

    def put(self, word: fleet.ClientWord) -> None:
        self._words.append(word)
        self._filled.set()

    def restart(self, words: Sequence[fleet.ClientWord]) -> None:
        """A new stream: forget what was waiting, begin with these."""
        self._words = deque(words)
        self._filled.set()

    async def pump(self, send: Callable[[fleet.FromClient], Awaitable[None]]) -> None:
        """Send all there is and will be, until cancelled or ``send`` fails."""
        while True:
            await self._filled.wait()
            if words := self._take():
                await send(fleet.FromClient(words=words))
                await asyncio.sleep(0 if self._words else PAUSE)

    def _take(self) -> Sequence[fleet.ClientWord]:
        taken: list[fleet.ClientWord] = []
        room = FULL
        while self._words and (not taken or self._words[0].ByteSize() <= room):
            room -= self._words[0].ByteSize()
            taken.append(self._words.popleft())
        if not self._words:
            self._filled.clear()
        return taken
