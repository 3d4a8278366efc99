"""What a worker wants with files: keep a checkpoint, publish a model, find one, fetch. One conversation, one wish.

Whose attempt is not current is refused before a byte comes; and once more, by the core, when all have come.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from paceline.model.card import check_files, read_card
from paceline.model.checkpoint import Best, Retention
from paceline.model.errors import Conflict, UsageError
from paceline.model.events import CheckpointCame
from paceline.model.file import File
from paceline.model.ids import AttemptId
from paceline.server.auth import Principal
from paceline.server.fleet import Fleet
from paceline.server.gate import Stream
from paceline.server.operations import models
from paceline.wire.files import attempt_of, checkpoint_from_wire, checkpoint_to_wire, files_from_wire
from paceline.wire.gen import worker_pb2 as pb

_BEST: Mapping[str, Best] = {"": "min", "min": "min", "max": "max"}


class FileSession:
    """One conversation, from its first word to its end."""

    def __init__(self, fleet: Fleet, principal: Principal, stream: Stream) -> None:
        self._fleet = fleet
        self._worker = principal.worker
        self._name = principal.name
        self._stream = stream
        self._words: AsyncIterator[pb.FileWord] = aiter(stream)

    async def run(self) -> None:
        """Do what is wanted. Raises the error that says why not."""
        first = await anext(self._words, pb.FileWord())
        wish = str(first.WhichOneof("word"))
        if wish not in self._wishes:
            raise UsageError("a conversation about files begins with what is wanted")
        await self._wishes[wish](self, getattr(first, wish))

    async def _keep(self, wish: pb.KeepCheckpoint) -> None:
        made = checkpoint_from_wire(wish.checkpoint)
        if wish.best not in _BEST:
            raise UsageError(f"checkpoint: best: {wish.best!r} is neither 'min' nor 'max'")
        retention = Retention(keep=max(1, wish.keep), best=_BEST[wish.best])
        self._demand_current(made.attempt)
        async with self._fleet.storeroom.expecting(made.files) as starts:
            await self._receive(made.files, starts)
            await self._fleet.loop.ask(CheckpointCame(worker=self._worker, checkpoint=made, retention=retention))
        await self._stream.write(pb.FileReply(done=pb.Done()))

    async def _publish(self, wish: pb.Publish) -> None:
        attempt, files, card = attempt_of(wish), files_from_wire(wish.files), _card(wish.card)
        check_files(files)
        read_card(card)
        self._demand_current(attempt)
        async with self._fleet.storeroom.expecting(files) as starts:
            await self._receive(files, starts)
            self._demand_current(attempt)
            model = await models.publish(self._fleet, attempt, self._name, card, files)
        await self._stream.write(pb.FileReply(done=pb.Done(key=model.key)))

    async def _find(self, wish: pb.FindCheckpoints) -> None:
        attempt = attempt_of(wish)
        self._demand_current(attempt)
        made = self._fleet.cluster.checkpoints.get(attempt.job, {}).get(attempt.index, ())
        found = [checkpoint_to_wire(each) for each in reversed(made)]
        await self._stream.write(pb.FileReply(found=pb.Found(checkpoints=found)))

    async def _fetch(self, wish: pb.Fetch) -> None:
        async for chunk in self._fleet.storeroom.blobs.get(wish.sha256, wish.start):
            await self._stream.write(pb.FileReply(piece=chunk))

    # ── what comes ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _receive(self, files: Sequence[File], starts: Sequence[int]) -> None:
        """Ask for what is not here, and take it in."""
        self._fleet.loop.hold.demand()
        self._fleet.space.demand()
        await self._stream.write(pb.FileReply(wanted=pb.Wanted(starts=starts)))
        for file, start in zip(files, starts, strict=True):
            pieces = self._pieces(file.bytes - start)
            await self._fleet.storeroom.blobs.put(file.sha256, start, pieces)
            async for _ in pieces:  # somebody else was faster, and nobody needs them
                pass

    async def _pieces(self, size: int) -> AsyncIterator[bytes]:
        """The next so many bytes. Raises UsageError if something else comes, or nothing more."""
        while size > 0:
            word = await anext(self._words, pb.FileWord())
            if not word.piece or len(word.piece) > size:
                raise UsageError(f"files: a piece of {len(word.piece)} bytes where {size} are missing")
            size -= len(word.piece)
            yield word.piece

    def _demand_current(self, attempt: AttemptId) -> None:
        job = self._fleet.cluster.jobs.get(attempt.job)
        live = job.live.get(attempt.index) if job else None
        if live is None or live.number != attempt.number or live.worker.id != self._worker:
            raise Conflict(f"attempt {attempt} is not the current one of its task")

    _wishes: Mapping[str, Callable[["FileSession", Any], Awaitable[None]]] = {
        "keep": _keep,
        "publish": _publish,
        "find": _find,
        "fetch": _fetch,
    }


def _card(text: str) -> Mapping[str, object]:
    try:
        card = json.loads(text)
    except ValueError as error:
        raise UsageError(f"card: {error}") from None
    if not isinstance(card, dict):
        raise UsageError(f"card: a mapping is needed, got {type(card).__name__}")
    return card
