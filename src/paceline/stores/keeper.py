"""The keeping process, as the server sees it: opened once for a term, then given batches."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from paceline.model.errors import StoreError, TryAgain
from paceline.model.records import Record
from paceline.stores.group_commit import GroupCommit, KeptCallback
from paceline.stores.messages import Answer, Kept, Message, Ready, Refused, Stuck, encode_records, join
from paceline.stores.pipe import Pipe


def read_only(what: str, cure: str) -> TryAgain:
    """What everybody is told who wants something kept meanwhile."""
    return TryAgain(f"the server is read-only: {what}", hint=f"{cure}, it goes on by itself")


class Keeper:
    """One life of a keeping process."""

    def __init__(self) -> None:
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._commits = GroupCommit(self._send)
        self._stuck = asyncio.Event()  # what is under way cannot be kept for now
        self._pipe: Pipe

    @classmethod
    async def start(cls, path: Path, lock: int) -> Self:
        """Open the store under a new epoch. The process holds the lock's descriptor as long as it lives.

        Raises StoreError for what the process cannot open.
        """
        keeper = cls()
        keeper._pipe = await Pipe.start("keep", path, keeper._hear, keeper._lost, (lock,))
        try:
            await keeper._opened
        except BaseException:
            await keeper._pipe.close()
            raise
        return keeper

    def keep(self, records: Sequence[Record], kept: KeptCallback) -> None:
        """Encoded at once: what the caller changes afterwards is not kept."""
        self._commits.give(encode_records(records), kept)

    async def close(self) -> None:
        """Finish what was given, if that can be done now; refuse what comes, end the process."""
        await self._drained_or_stuck()
        self._commits.fail(StoreError("store: closed"))
        await self._pipe.close()

    async def _drained_or_stuck(self) -> None:
        ways = {asyncio.ensure_future(self._commits.drained()), asyncio.ensure_future(self._stuck.wait())}
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()

    def _send(self, batches: Sequence[bytes]) -> None:
        self._pipe.send(join(batches))

    def _hear(self, message: Message) -> None:
        match message:
            case Ready():
                self._opened.set_result(None)
            case Kept():
                self._stuck.clear()
                self._commits.kept()
            case Stuck():
                self._stuck.set()
                self._commits.stuck(read_only(message.what, message.cure))
            case Refused():
                self._fail(StoreError(message.message, hint=message.hint))
            case Answer():
                raise AssertionError("a keeping process answers no queries")

    def _lost(self) -> None:
        self._fail(
            StoreError("store: its process died", hint="start the server again: all that was acknowledged is there")
        )

    def _fail(self, error: StoreError) -> None:
        if not self._opened.done():
            self._opened.set_exception(error)
        self._commits.fail(error)
