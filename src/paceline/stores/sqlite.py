"""The store of a single server: one SQLite file, survives a power cut, needs no other daemon.

::

    server's process                         keeping process (the only writer)
      keep ──► GroupCommit ──── batches ──►    one transaction each, WAL, synchronous = FULL
      kept ◄────────────────── Kept ◄──────
      read ──► Reader ───────── query ──►    reading process (started by the first query)
                     ◄───────── Answer ◄───    sees what is committed, holds up nothing

``sqlite_file`` is what runs in those two. If the keeping process dies, or refuses a batch, the store is finished: what
the server decided since then rests on that batch. A new server goes on from what is on disk.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path, PurePosixPath
from typing import TypeVar

from paceline.model.errors import StoreError
from paceline.model.queries import Query
from paceline.model.records import Record, Snapshot
from paceline.mounts import refuse_network
from paceline.stores.group_commit import KeptCallback
from paceline.stores.keeper import Keeper
from paceline.stores.lock import Lock
from paceline.stores.reader import Reader
from paceline.stores.sqlite_file.restoring import restore

A = TypeVar("A")

_MOUNTINFO = Path("/proc/self/mountinfo")


class SqliteStore:
    """The ``Store`` port on a file at ``path``; output goes to ``<path>.logs``, the lock is ``<path>.lock``.

    ``patience``: seconds that ``load`` waits for another server, or what is left of it, to let go. One ``load`` per
    object.
    """

    def __init__(self, path: Path, *, patience: float = 5.0) -> None:
        self._path = path.absolute()
        self._patience = patience
        self._open = AsyncExitStack()
        self._reader: Reader | None = None
        self._starting = asyncio.Lock()
        self._keeper: Keeper

    async def load(self) -> Snapshot:
        """See the port."""
        refuse_network(_mountinfo(), PurePosixPath(self._path.resolve()))
        async with AsyncExitStack() as opening:
            lock = await Lock.take(self._path.with_name(f"{self._path.name}.lock"), self._patience)
            opening.callback(lock.release)
            self._keeper = await Keeper.start(self._path, lock.fd)
            opening.push_async_callback(self._keeper.close)
            snapshot = await asyncio.to_thread(restore, self._path)
            self._open = opening.pop_all()
        return snapshot

    def keep(self, records: Sequence[Record], kept: KeptCallback) -> None:
        """See the port."""
        self._keeper.keep(records, kept)

    async def read(self, query: Query[A]) -> A:
        """See the port. Asked once more if the process died over it: it need not have died of it."""
        reader = await self._alive_reader()
        try:
            return await reader.read(query)
        except StoreError:
            if reader.alive:
                raise
        return await (await self._alive_reader()).read(query)

    async def close(self) -> None:
        """See the port."""
        await self._open.aclose()

    async def _alive_reader(self) -> Reader:
        async with self._starting:
            if self._reader is None or not self._reader.alive:
                self._reader = await Reader.start(self._path)
                self._open.push_async_callback(self._reader.close)
            return self._reader


def _mountinfo() -> str:
    return _MOUNTINFO.read_text() if _MOUNTINFO.exists() else ""  # empty: not Linux
