"""A catalogue whose shelf lives in a thread of its own, off the event loop.

One thread, so that what is asked first is done first and nothing on the shelf need be locked. Unlike the store, which
has processes for it (``stores/sqlite_file``), a catalogue is written once per training: what a commit waits for the
interpreter lock beside a busy event loop does not matter.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from paceline.catalog import Find, Model
from paceline.catalogs.shelf import Shelf, get

P = ParamSpec("P")
T = TypeVar("T")


class ThreadedCatalog:
    """The ``Catalog`` port over a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="catalog")

    async def open(self) -> None:
        """See the port."""
        await self._there(self._shelf.open)

    async def add(self, model: Model, origin: str) -> Model:
        """See the port."""
        return await self._there(self._shelf.add, model, origin)

    async def get(self, word: str) -> Model:
        """See the port."""
        return await self._there(get, self._shelf, word)

    async def find(self, query: Find) -> Sequence[Model]:
        """See the port."""
        return await self._there(self._shelf.find, query)

    async def rename(self, key: str, name: str) -> Model:
        """See the port."""
        return await self._there(self._shelf.rename, key, name)

    async def tag(self, key: str, add: Collection[str], remove: Collection[str]) -> Model:
        """See the port."""
        return await self._there(self._shelf.tag, key, add, remove)

    async def remove(self, key: str) -> Model:
        """See the port."""
        return await self._there(self._shelf.remove, key)

    async def holding(self, digests: Collection[str]) -> frozenset[str]:
        """See the port."""
        return await self._there(self._shelf.holding, digests)

    async def close(self) -> None:
        """See the port."""
        await self._there(self._shelf.close)
        self._thread.shutdown()

    async def _there(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        future = self._thread.submit(call, *args, **kwargs)
        return await asyncio.wrap_future(future)
