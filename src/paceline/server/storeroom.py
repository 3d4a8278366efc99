"""The blobs of this server: those that somebody needs stay, the others go.

A blob is needed while a checkpoint that stays has it, while a model has it, and while it is on its way here for one of
those. What nobody needs any more is looked for when checkpoints were dropped, and once at the start: a server that died
between two steps leaves nothing behind for good.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from paceline.blobs import Blobs
from paceline.model.errors import PacelineError
from paceline.model.file import File
from paceline.server.loop import Loop
from paceline.server.watch import Watch

Holding: TypeAlias = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""Those of some hashes that somebody needs."""

PAUSE = 1.0
"""Seconds after checkpoints were dropped until their blobs are looked for: others may follow."""
LATER = 60.0
"""Seconds until it is tried again, where nothing could be kept or asked."""
_BATCH = 500


class Storeroom:
    """``models``: asks the catalogue."""

    def __init__(self, blobs: Blobs, loop: Loop, models: Holding) -> None:
        self.blobs = blobs
        self._loop = loop
        self._models = models
        self._coming: Counter[str] = Counter()
        self._door = asyncio.Lock()  # nothing is promised to be here while something is removed

    @asynccontextmanager
    async def expecting(self, files: Sequence[File]) -> AsyncIterator[list[int]]:
        """Blobs that are here stay, and those that come, for as long as the context lasts: by then somebody needs them.

        For each file, the byte from which on it is wanted; its size, if all of it is here.
        """
        names = [file.sha256 for file in files]
        async with self._door:
            self._coming.update(names)
        try:
            yield [await self._missing(file) for file in files]
        finally:
            self._coming.subtract(names)
            self._coming += Counter()  # without those that count nothing

    async def _missing(self, file: File) -> int:
        return file.bytes if await self.blobs.has(file.sha256) else await self.blobs.begun(file.sha256)

    async def run(self, watch: Watch) -> None:
        """Keep it tidy."""
        while True:
            try:
                await self.tidy()
            except (PacelineError, OSError):
                await asyncio.sleep(LATER)
            else:
                await watch.dropped.wait()
                watch.dropped.clear()
                await asyncio.sleep(PAUSE)

    async def tidy(self) -> int:
        """Remove what nobody needs; how many. Raises TryAgain while it is not certain what that is."""
        there = await self.blobs.all()
        needed = self._needed()
        await self._loop.keep_now()  # what is not needed any more by then is so for good
        spare = sorted(there - needed)
        return sum([await self._remove(spare[start : start + _BATCH]) for start in range(0, len(spare), _BATCH)])

    async def _remove(self, names: Sequence[str]) -> int:
        async with self._door:
            needed = self._needed()  # asked before and after the catalogue is: what was on its way may have arrived
            needed |= {*await self._models(names)}
            needed |= self._needed()
            spare = [name for name in names if name not in needed]
            for name in spare:
                await self.blobs.remove(name)
        return len(spare)

    def _needed(self) -> set[str]:
        return {*self._coming, *_hashes(self._loop)}


def _hashes(loop: Loop) -> Iterable[str]:
    tasks = loop.scheduler.cluster.checkpoints.values()
    return (file.sha256 for task in tasks for kept in task.values() for each in kept for file in each.files)
