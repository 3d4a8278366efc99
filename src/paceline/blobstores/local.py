"""Blobs in a directory: one file each, named by its hash.

::

    ab/abcd…          whole: it got its name when all of it was on disk
    begun/abcd…       some of it: what came before the connection broke

Everything that touches the disk runs in a thread, a chunk at a time: whoever waits for it holds up nobody else.
"""

import asyncio
import errno
import functools
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar
from weakref import WeakValueDictionary

from paceline.blobs import CHUNK
from paceline.model.errors import NotFound, PacelineError, TryAgain, UsageError
from paceline.model.file import check_digest, is_digest

T = TypeVar("T")

_AGAIN = "begin again"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class LocalBlobs:
    """The ``Blobs`` port below ``directory``, which is made when it is first needed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._coming: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # of those that are being put

    async def has(self, sha256: str) -> bool:
        """See the port."""
        return await self._disk(self._place(sha256).exists)

    async def begun(self, sha256: str) -> int:
        """See the port."""
        return await self._disk(_size, self._beginning(sha256))

    async def put(self, sha256: str, start: int, chunks: AsyncIterable[bytes]) -> None:
        """See the port. Two that put the same blob do so one after the other, and the second finds it there.

        If the first broke off, the second goes on from its own ``start``: its bytes follow on that, and no others.
        """
        place, beginning = self._place(sha256), self._beginning(sha256)
        async with self._coming.setdefault(sha256, asyncio.Lock()):
            if not await self._disk(place.exists):
                await self._write(beginning, start, chunks)
                await self._disk(_settle, beginning, place, start)

    async def get(self, sha256: str, start: int = 0) -> AsyncGenerator[bytes, None]:
        """See the port. All of it is read, whatever ``start``: half a blob cannot be checked."""
        file = await self._opened(_open, self._place(sha256))
        try:
            digest, place, last = hashlib.sha256(), 0, b""
            while chunk := await self._disk(_read, file, digest):
                if last:
                    yield last
                last = chunk[max(0, start - place) :]
                place += len(chunk)
            if digest.hexdigest() != sha256:
                await self.remove(sha256)
                raise NotFound(f"blob {sha256} is damaged: its bytes are not what was kept")
            if last:
                yield last
        finally:
            file.close()

    async def remove(self, sha256: str) -> None:
        """See the port."""
        for path in (self._place(sha256), self._beginning(sha256)):
            await self._disk(_remove, path)

    async def all(self) -> frozenset[str]:
        """See the port."""
        return frozenset(await self._disk(_names, self._directory))

    # ── on disk ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _place(self, sha256: str) -> Path:
        check_digest(sha256)
        return self._directory / sha256[:2] / sha256

    def _beginning(self, sha256: str) -> Path:
        return self._directory / "begun" / self._place(sha256).name

    async def _write(self, beginning: Path, start: int, chunks: AsyncIterable[bytes]) -> None:
        file = await self._opened(lambda path: _append(path, start), beginning)
        try:
            async for chunk in chunks:
                await self._disk(_write, file, chunk)
            await self._disk(os.fsync, file.fileno())
        finally:
            file.close()

    async def _opened(self, opening: Callable[[Path], BinaryIO], path: Path) -> BinaryIO:
        """A file that is the caller's to close; if he is cancelled meanwhile, it is closed here."""
        files: list[BinaryIO] = []
        try:
            await self._disk(lambda: files.append(opening(path)))
        except asyncio.CancelledError:
            for file in files:
                file.close()
            raise
        return files[0]

    async def _disk(self, work: Callable[..., T], *given: object) -> T:
        """In a thread. What is in the way for now is TryAgain.

        A thread cannot be cancelled, so whoever is waits for it: the next one to put the same blob must not meet it.
        """
        done = asyncio.get_running_loop().run_in_executor(None, functools.partial(work, *given))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait({done})
            done.exception()  # nobody else wants to know
            raise
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise TryAgain(
                f"no blob can be kept in {self._directory}: {error.strerror}",
                hint="free some space on the server; what was kept is there",
            ) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _append(path: Path, start: int) -> BinaryIO:
    if (size := _size(path)) < start:
        raise PacelineError(f"blob {path.name}: it does not go on at byte {start:,} any more", hint=_AGAIN)
    if size > start:
        os.truncate(path, start)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.open("ab", buffering=0)


def _write(file: BinaryIO, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[file.write(left) :]


def _settle(beginning: Path, place: Path, start: int) -> None:
    """It is all there: give it its name, if it is what it should be."""
    with beginning.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != place.name:
        beginning.unlink()
        if start:
            raise PacelineError(f"blob {place.name}: what came does not go with its beginning", hint=_AGAIN)
        raise UsageError(f"blob {place.name}: what came has the hash {found}")
    place.parent.mkdir(mode=0o700, exist_ok=True)
    beginning.chmod(0o600)
    beginning.rename(place)
    for directory in (place.parent, place.parent.parent):
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _open(place: Path) -> BinaryIO:
    try:
        return place.open("rb", buffering=0)
    except FileNotFoundError:
        raise NotFound(f"there is no blob {place.name}") from None


def _read(file: BinaryIO, digest: "hashlib._Hash") -> bytes:
    chunk = file.read(CHUNK)
    digest.update(chunk)
    return chunk


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()


def _names(directory: Path) -> list[str]:
    return [path.name for path in directory.glob("*/*") if is_digest(path.name)]
