"""A server that listens, and somebody who follows what it sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from paceline.sdk.client import Client
from paceline.server.rest.app import make_app
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.listening import Listener, bound
from tests.server.conftest import ScriptedWorker, Served, serving

PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it came."""

    name: str
    data: Any
    place: str = ""


class Follower:
    """One stream of events, until it is left."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Event:
        """The next event; comments are passed over. Raises EOFError at the end."""
        async with asyncio.timeout(PATIENCE):
            while not (fields := await self._block()):
                pass
        return Event(name=fields["event"], data=json.loads(fields["data"]), place=fields.get("id", ""))

    async def until(self, name: str, found: Any = lambda data: True) -> Event:
        """The next one of that name whose data is what is wanted."""
        while True:
            event = await self.next()
            if event.name == name and found(event.data):
                return event

    async def _block(self) -> dict[str, str]:
        """Fields up to the next empty line."""
        fields: dict[str, str] = {}
        async for line in self._lines:
            if not line:
                return fields
            if not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
        raise EOFError


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """A server, a client of it, and a worker's end of the wire."""

    served: Served
    client: Client
    worker: ScriptedWorker
    http: httpx.AsyncClient

    async def join(self) -> None:
        number, key = await self.worker.join((await self.client.create_token("join")).token)
        await self.worker.hello(number, key)
        await self.worker.hear("welcome")

    async def end(self, grant: pb.Grant, outcome: str = "SUCCEEDED") -> None:
        """All of a grant's attempts."""
        attempts = grant.attempts
        rows = len(attempts.indexes)
        ends = pb.Endings(
            job=attempts.job, indexes=attempts.indexes, numbers=attempts.numbers, outcomes=[outcome] * rows
        )
        await self.worker.say(pb.WorkerWord(ended=ends))
        await self.worker.hear("settled")

    @asynccontextmanager
    async def follow(self, path: str, place: str = "", **params: Any) -> AsyncIterator[Follower]:
        headers = {"last-event-id": place} if place else {}
        async with self.http.stream("GET", path, headers=headers, params=params) as response:
            if response.status_code != 200:
                raise AssertionError((await response.aread()).decode())
            assert response.headers["content-type"].startswith("text/event-stream")
            yield Follower(response)


@asynccontextmanager
async def listening(home: Path) -> AsyncIterator[Listened]:
    """Serve, at a port of its own, inside the test's own event loop."""
    async with serving(home) as served, served.client() as client, ScriptedWorker(served) as worker:
        listener = Listener(make_app(served.fleet, ()), bound("127.0.0.1", 0))
        listener.open()
        base, headers = f"http://127.0.0.1:{listener.port}", {"authorization": f"Bearer {served.admin}"}
        try:
            async with httpx.AsyncClient(base_url=base, headers=headers, timeout=PATIENCE) as http:
                yield Listened(served=served, client=client, worker=worker, http=http)
        finally:
            await listener.close()
