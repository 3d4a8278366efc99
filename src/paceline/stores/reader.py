"""The reading process, as the server sees it: questions are answered in the order in which they were asked."""

import asyncio
from collections import deque
from pathlib import Path
from typing import Self, TypeVar

from paceline.model.errors import StoreError
from paceline.model.queries import Query
from paceline.stores.messages import Answer, Message, Refused, decode_answer, encode_query
from paceline.stores.pipe import Pipe

A = TypeVar("A")


class Reader:
    """One life of a reading process. ``alive`` tells whether it is worth asking."""

    def __init__(self) -> None:
        self.alive = True
        self._asked: deque[asyncio.Future[Answer]] = deque()
        self._pipe: Pipe

    @classmethod
    async def start(cls, path: Path) -> Self:
        """It is ready at once: what it is asked before it has opened the store waits in the socket."""
        reader = cls()
        reader._pipe = await Pipe.start("read", path, reader._hear, reader._lost)
        return reader

    async def read(self, query: Query[A]) -> A:
        """Raises StoreError: it could not read, or died over it."""
        body = encode_query(query)  # first: who waits for what was never asked is given the next one's answer
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._pipe.send(body)
        return decode_answer(query, await answer)

    async def close(self) -> None:
        await self._pipe.close()

    def _hear(self, message: Message) -> None:
        asked = self._asked.popleft()
        if asked.done():  # whoever asked was cancelled
            return
        match message:
            case Answer():
                asked.set_result(message)
            case Refused():
                asked.set_exception(StoreError(message.message, hint=message.hint))
            case _:
                raise AssertionError("a reading process keeps nothing")

    def _lost(self) -> None:
        self.alive = False
        for asked in self._asked:
            if not asked.done():
                asked.set_exception(StoreError("store: the process that reads it died"))
        self._asked.clear()
