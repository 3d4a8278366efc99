"""Server-sent events: an answer that goes on for as long as somebody listens.

::

    id: 7-42          where to go on, said again as ``Last-Event-ID``; with the last event of what belongs together
    event: jobs
    data: […]

A line that begins with a colon is a comment. One comes every ``BEAT`` seconds, so that whatever is between does not
take the connection for dead, and we notice when it is.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

from paceline.model.errors import PacelineError
from paceline.server.rest import problems

MEDIA_TYPE = "text/event-stream"
BEAT = 15.0
"""Seconds between two signs of life."""
PATIENCE = 10.0
"""Seconds for which one who takes nothing in is waited for. What he has not taken is at most what the socket holds."""

ALIVE = b":\n\n"


def event(name: str, data: bytes, place: str = "") -> bytes:
    """One event. ``data``: JSON, so without any line break; ``place``: its id, empty for none."""
    identified = f"id: {place}\n" if place else ""
    return b"".join((f"{identified}event: {name}\ndata: ".encode(), data, b"\n\n"))


def comment(text: str) -> bytes:
    """What is said to whoever reads along."""
    return f": {text}\n\n".encode()


class EventStream(Response[bytes]):
    """Sends what a generator yields, whole events each time. It is closed as soon as the other side is gone."""

    __slots__ = ("beat", "events", "patience")

    def __init__(
        self, events: AsyncGenerator[bytes], *, beat: float = BEAT, patience: float = PATIENCE, **options: Any
    ) -> None:
        super().__init__(b"", media_type=MEDIA_TYPE, headers={"cache-control": "no-store"}, **options)
        self.events = events
        self.beat = beat
        self.patience = patience

    def to_asgi_response(self, *args: Any, **options: Any) -> "ASGIResponse":
        """See ``Response``."""
        return _Sending(self)


class _Sending(ASGIResponse):
    """One such answer under way."""

    _should_set_content_length = False

    def __init__(self, stream: EventStream) -> None:
        super().__init__(media_type=MEDIA_TYPE, headers=dict(stream.headers))
        self._stream = stream

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Until the generator ends, the other side is gone, or takes nothing in."""
        works = [asyncio.create_task(work) for work in (self._pump(send), self._beat(send), _gone(receive))]
        try:
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)
        for work in done:
            work.result()

    async def _pump(self, send: Send) -> None:
        try:
            async with aclosing(self._stream.events) as events:
                async for each in events:
                    await self._send(send, each)
        except PacelineError as error:  # it is too late for a status
            await self._send(send, event("problem", problems.body(error)))
        except TimeoutError:
            return  # without an end: the connection is closed
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, each: bytes) -> None:
        async with asyncio.timeout(self._stream.patience):
            await send({"type": "http.response.body", "body": each, "more_body": True})

    async def _beat(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self._stream.beat)
            await send({"type": "http.response.body", "body": ALIVE, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
