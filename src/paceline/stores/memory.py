"""A store that lasts as long as its process: for tests, simulations and ``--store memory``."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from paceline.model.errors import StoreError
from paceline.model.queries import Query
from paceline.model.records import Record, Snapshot
from paceline.stores.answers import answer
from paceline.stores.tables import Tables

A = TypeVar("A")


class MemoryStore:
    """The ``Store`` port on plain Python values.

    Another store on the same ``tables`` is what a restarted server would open; its ``load`` ends this one's term.
    ``kept`` is called soon by the running event loop, or before ``keep`` returns where none runs.
    """

    def __init__(self, tables: Tables | None = None) -> None:
        self.tables = tables if tables is not None else Tables()
        self._epoch = 0
        self._error: StoreError | None = None

    async def load(self) -> Snapshot:
        """See the port."""
        self.tables.epoch += 1
        self._epoch = self.tables.epoch
        self._error = None
        return self.tables.snapshot()

    def keep(self, records: Sequence[Record], kept: Callable[[BaseException | None], None]) -> None:
        """See the port."""
        if self._error is None:
            self._error = self._refusal(records)
        if self._error is None:
            self.tables.keep(records)
        _call(kept, self._error)

    async def read(self, query: Query[A]) -> A:
        """See the port."""
        return answer(query, self.tables)

    async def close(self) -> None:
        """See the port."""
        self._error = StoreError("store: closed")

    def _refusal(self, records: Sequence[Record]) -> StoreError | None:
        """Why a batch cannot be kept, found before any of it is."""
        if self._epoch != self.tables.epoch:
            term, mine = self.tables.epoch, self._epoch
            return StoreError(f"store: another server (epoch {term}) has taken over from this one (epoch {mine})")
        twice = self.tables.twice(records)
        return StoreError(f"store: {twice} is already kept") if twice else None


def _call(kept: Callable[[BaseException | None], None], error: StoreError | None) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        kept(error)
    else:
        loop.call_soon(kept, error)
