"""Natural group commit: one commit is under way at a time, and all that is given meanwhile forms the next.

No interval, no size: an idle store commits at once, a busy one in batches as large as the disk is slow. Callbacks are
called in the order in which their batches were given.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from paceline.model.errors import StoreError, TryAgain

KeptCallback: TypeAlias = Callable[[BaseException | None], None]


class GroupCommit:
    """``send`` starts a commit; ``kept`` and ``fail`` tell how it went, ``stuck`` that it takes longer."""

    def __init__(self, send: Callable[[Sequence[bytes]], None]) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[bytes, KeptCallback]] = []
        self._under_way: list[KeptCallback] = []
        self._error: StoreError | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def give(self, batch: bytes, kept: KeptCallback) -> None:
        """Have a batch kept."""
        if self._error is not None:
            self._loop.call_soon(kept, self._error)
            return
        self._waiting.append((batch, kept))
        if self._idle.is_set():
            self._idle.clear()
            self._begin()

    def kept(self) -> None:
        """The commit under way is on disk."""
        done, self._under_way = self._under_way, []
        self._begin()
        for kept in done:
            kept(None)

    def stuck(self, trouble: TryAgain) -> None:
        """The commit under way cannot be made for now; it is being tried again."""
        for kept in self._under_way:
            self._loop.call_soon(kept, trouble)

    def fail(self, error: StoreError) -> None:
        """Nothing more will be kept: neither what is under way nor what waits nor what is still to come."""
        if self._error is None:
            self._error = error
            refused = [*self._under_way, *(kept for _, kept in self._waiting)]
            self._under_way, self._waiting = [], []
            self._idle.set()
            for kept in refused:
                self._loop.call_soon(kept, error)

    async def drained(self) -> None:
        """Return once nothing is under way and nothing waits."""
        await self._idle.wait()

    def _begin(self) -> None:
        batches, self._waiting = self._waiting, []
        if batches:
            self._under_way = [kept for _, kept in batches]
            self._send([batch for batch, _ in batches])
        else:
            self._idle.set()
