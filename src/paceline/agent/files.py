"""Conversations with the server about files.

One stream each, apart from the link, so that a checkpoint of gigabytes holds up nobody's end. Whatever breaks off is
begun anew, and goes on where it was: the server has kept what came.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias, TypeVar

from paceline.agent.way import conversation
from paceline.blobs import CHUNK
from paceline.config import WorkerOptions
from paceline.model.checkpoint import Checkpoint, Retention
from paceline.model.errors import NotFound, PacelineError, TryAgain, Unreachable, UsageError
from paceline.model.file import File
from paceline.model.ids import AttemptId
from paceline.wire import near
from paceline.wire.files import checkpoint_from_wire, checkpoint_to_wire, files_to_wire
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.protocol import metadata
from paceline.wire.stream import Stream

T = TypeVar("T")

Going: TypeAlias = Callable[[int], None]
"""Hears of every so many bytes that got through."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between two tries; each pause is twice the one before."""


class Files:
    """All of them go on until they are cancelled, or the server says no: then they raise its error."""

    def __init__(self, options: WorkerOptions, key: str) -> None:
        self._options = options
        self._metadata = metadata(key)

    async def keep(self, made: Checkpoint, retention: Retention, folder: Path, going: Going) -> None:
        """Return when the server has recorded it."""
        checkpoint = checkpoint_to_wire(made)
        wish = pb.KeepCheckpoint(checkpoint=checkpoint, keep=retention.keep, best=retention.best)
        await _insist(lambda: self._bring(pb.FileWord(keep=wish), made.files, folder, going))

    async def publish(self, attempt: AttemptId, card: str, files: Sequence[File], folder: Path, going: Going) -> str:
        """The model's key, when the server has it. That it has no space, or its catalogue no answer, may pass."""
        job, index, number = attempt
        wish = pb.Publish(job=job, index=index, number=number, card=card, files=files_to_wire(files))
        return await _insist(lambda: self._bring(pb.FileWord(publish=wish), files, folder, going), TryAgain)

    async def find(self, attempt: AttemptId) -> list[Checkpoint]:
        """Checkpoints of the attempt's task, newest first."""
        job, index, number = attempt

        async def once() -> list[Checkpoint]:
            async with self._conversation() as stream:
                await stream.write(pb.FileWord(find=pb.FindCheckpoints(job=job, index=index, number=number)))
                found = (await _reply(stream)).found
                return [checkpoint_from_wire(each) for each in found.checkpoints]

        return await _insist(once)

    async def fetch(self, file: File, folder: Path, going: Going) -> None:
        """The file, whole and checked, in the folder. Raises NotFound if it is not there, or damaged."""
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        await _insist(lambda: self._fetch(file, path, going))
        if await asyncio.to_thread(_hash, path) != file.sha256:
            raise NotFound(f"{file.name} is damaged")

    async def _fetch(self, file: File, path: Path, going: Going) -> None:
        with path.open("ab") as target:
            async with self._conversation() as stream:
                await stream.write(pb.FileWord(fetch=pb.Fetch(sha256=file.sha256, start=target.tell())))
                async for reply in stream:
                    await asyncio.to_thread(target.write, reply.piece)
                    going(len(reply.piece))

    async def _bring(self, wish: pb.FileWord, files: Sequence[File], folder: Path, going: Going) -> str:
        """Say what is wanted, send what is missing; the key of what came of it."""
        async with self._conversation() as stream:
            await stream.write(wish)
            wanted = (await _reply(stream)).wanted
            sending = asyncio.create_task(_send(stream, files, wanted.starts, folder, going))
            hearing = asyncio.create_task(_reply(stream))
            try:
                await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
                if not hearing.done():
                    await sending
                return (await hearing).done.key
            finally:
                sending.cancel()
                hearing.cancel()
                await asyncio.gather(sending, hearing, return_exceptions=True)

    def _conversation(self) -> AbstractAsyncContextManager[Stream[pb.FileReply]]:
        return conversation(self._options, near.FILES, self._metadata, pb.FileReply)


async def _insist(once: Callable[[], Awaitable[T]], *passing: type[PacelineError]) -> T:
    """Until it is done or refused. An error without a name of its own is something that broke off on the way."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await once()
        except PacelineError as error:
            if type(error) not in (Unreachable, PacelineError, *passing):
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _reply(stream: Stream[pb.FileReply]) -> pb.FileReply:
    async for reply in stream:
        return reply
    raise Unreachable("the server ended the conversation")


async def _send(
    stream: Stream[pb.FileReply], files: Sequence[File], starts: Sequence[int], folder: Path, going: Going
) -> None:
    for file, start in zip(files, starts, strict=True):
        with (folder / file.name).open("rb") as source:
            place = source.seek(start)
            while place < file.bytes and (piece := await asyncio.to_thread(source.read, CHUNK)):
                await stream.write(pb.FileWord(piece=piece[: file.bytes - place]))
                going(len(piece))
                place += len(piece)
        if place < file.bytes:
            raise UsageError(f"{file.name} became shorter while it was kept: {place:,} of {file.bytes:,} bytes")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
