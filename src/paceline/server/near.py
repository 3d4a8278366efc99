"""The door for processes of this machine: calls and streams as in ``wire/near``, through the same gate as everybody."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from paceline.model.errors import PacelineError, UsageError
from paceline.server.auth import Principal
from paceline.server.file_session import FileSession
from paceline.server.fleet import Fleet
from paceline.server.fleet_service import FleetService
from paceline.server.gate import Gate
from paceline.server.links import Links
from paceline.server.worker_session import WorkerSession
from paceline.wire import near
from paceline.wire.calls import CALLS, Call
from paceline.wire.gen import fleet_pb2, worker_pb2
from paceline.wire.protocol import check_size, in_words


class Room(NamedTuple):
    """What is behind the door, for one method: the messages that come, and who takes them."""

    kind: type[Any]
    serve: Callable[[Principal, near.Stream[Any]], Awaitable[None]]


def rooms(fleet: Fleet, links: Links) -> dict[str, Room]:
    """Every call of the table, the two streams that all tasks pass through, and the one for files."""
    service = FleetService(fleet)
    return {
        **{call.method: _room(service, call) for call in CALLS},
        near.SESSION: Room(fleet_pb2.FromClient, lambda client, stream: service.session(stream)),
        near.LINK: Room(
            worker_pb2.FromWorker, lambda worker, stream: WorkerSession(fleet, links, worker, stream).run()
        ),
        near.FILES: Room(worker_pb2.FileWord, lambda worker, stream: FileSession(fleet, worker, stream).run()),
    }


def _room(service: FleetService, call: Call) -> Room:
    """One request, and what there is to answer."""
    answer = getattr(service, call.name)

    async def one(caller: Principal, stream: near.Stream[Any]) -> None:
        request = await stream.request()
        await _reply(stream, request, await answer(request))

    async def many(caller: Principal, stream: near.Stream[Any]) -> None:
        request = await stream.request()
        async for reply in answer(request):
            await _reply(stream, request, reply)

    return Room(call.request, many if call.streams else one)


async def _reply(stream: near.Stream[Any], request: Any, reply: Any) -> None:
    check_size(reply, f"the answer to {in_words(request)}")
    await stream.write(reply)


class NearDoor:
    """Open between ``open`` and ``close``."""

    def __init__(self, home: Path, gate: Gate, rooms: Mapping[str, Room]) -> None:
        self._home = home
        self._gate = gate
        self._rooms = rooms
        self._server: asyncio.Server
        self._guests: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await near.listen(self._home, self._came)

    async def close(self, grace: float) -> None:
        """Let nobody in; give those inside ``grace`` seconds to end by themselves."""
        self._server.close()
        near.let_go(self._home)
        if self._guests:
            await asyncio.wait(self._guests, timeout=grace)
        for guest in self._guests:
            guest.cancel()
        await asyncio.gather(*self._guests, return_exceptions=True)

    def _came(self, line: near.Line) -> None:
        guest = asyncio.get_running_loop().create_task(self._attend(line))
        self._guests.add(guest)
        guest.add_done_callback(self._guests.discard)

    async def _attend(self, line: near.Line) -> None:
        try:
            method, metadata = _call(await line.receive())
            principal = self._gate.admit(method, metadata)
            room = self._rooms.get(method)
            if room is None:
                raise UsageError(f"{method}: a neighbour cannot call this", hint="call it at the server's address")
            with self._gate.visit(principal):
                await room.serve(principal, near.Stream(line, room.kind))
            await line.finish()
        except PacelineError as error:
            await line.finish(error)
        except EOFError:
            pass  # it only looked in
        finally:
            line.hang_up()


def _call(frame: bytes) -> tuple[str, Mapping[str, str]]:
    try:
        method, metadata = json.loads(frame)
        return str(method), {str(key): str(value) for key, value in metadata.items()}
    except (ValueError, AttributeError) as error:
        raise UsageError("a connection begins with the method that it calls") from error
