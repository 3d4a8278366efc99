"""A real server over the memory store, on loopback and on a unix socket, inside the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio

from paceline.blobstores.local import LocalBlobs
from paceline.catalogs.sqlite import MEMORY, SqliteShelf
from paceline.catalogs.threaded import ThreadedCatalog
from paceline.clock import Clock, SystemClock
from paceline.config import ClientOptions, ServerOptions
from paceline.core.restore import restore
from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.model.ids import WorkerId
from paceline.sdk.client import Client
from paceline.server.app import listen
from paceline.server.auth import Auth
from paceline.server.fleet import Fleet
from paceline.server.gate import Gate
from paceline.server.links import Links
from paceline.server.loop import Loop
from paceline.server.near import NearDoor, rooms
from paceline.server.open_jobs import OpenJobs
from paceline.server.watch import Watch
from paceline.stores.memory import MemoryStore
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen import worker_pb2_grpc
from paceline.wire.whereabouts import write_whereabouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that answers. Its clients live in its home, or without one."""

    fleet: Fleet
    home: Path
    address: str
    admin: str

    def client(self, way: str = "near") -> Client:
        home = self.home if way == "near" else self.home / "elsewhere"
        return Client(ClientOptions(address=self.address, token=self.admin, home=home, owner="tester"))


@asynccontextmanager
async def serving(home: Path, clock: Clock | None = None, patience: float = 600.0) -> AsyncIterator[Served]:
    """Serve for as long as the context lasts."""
    store = MemoryStore()
    snapshot = await store.load()
    time = clock or SystemClock(not_before=snapshot.now)
    links, watch, auth = Links(), Watch(), Auth(snapshot.tokens)
    terms = Terms(beat=5.0, lease=20.0)
    loop = Loop(Scheduler(restore(snapshot, terms, time.now()), terms), store, time, links, watch)
    catalog, blobs = ThreadedCatalog(SqliteShelf(MEMORY)), LocalBlobs(home / "blobs")
    fleet = Fleet(loop=loop, store=store, watch=watch, auth=auth, open_jobs=OpenJobs(loop, patience),
                  blobs=blobs, catalog=catalog,
                  clock=time, epoch=snapshot.epoch, store_name="memory", started_at=time.now())  # fmt: skip
    admin = "pl_admin_from_a_file"
    await loop.keep_now(*auth.adopt_admin(admin, time.now()))
    server, address = await listen(fleet, links, ServerOptions(home=home, port=0))
    ServerOptions(home=home).directory.mkdir(parents=True, exist_ok=True)
    door = NearDoor(home, Gate(auth, time), rooms(fleet, links))
    await door.open()
    write_whereabouts(home, address)
    loop.start()
    try:
        yield Served(fleet=fleet, home=home, address=address, admin=admin)
    finally:
        links.end_all()
        await door.close(grace=1.0)
        await server.stop(grace=0)
        await asyncio.gather(store.close(), catalog.close())
        await asyncio.sleep(0)  # so that the other ends notice


END: Any = vars(grpc.aio)["EOF"]
MACHINE = pb.Machine(
    host="box", capacity=pb.Capacity(cpu=2000, memory=8 << 30, disk=8 << 30), features=["python3.11"], version="0.1.0"
)


class ScriptedWorker:
    """The worker's end of a link, word by word, as the wire has it."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.words: list[pb.ServerWord] = []

    async def __aenter__(self) -> "ScriptedWorker":
        self._channel: Any = grpc.aio.insecure_channel(self._served.address)
        make: Any = worker_pb2_grpc.WorkerServiceStub
        self._stub = make(self._channel)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._channel.close()

    async def join(self, token: str, name: str = "w") -> tuple[WorkerId, str]:
        reply = await self._stub.Join(pb.JoinRequest(name=name), metadata=_bearer(token))
        return WorkerId(reply.worker), reply.key

    async def hello(self, worker: WorkerId, key: str, held: tuple[pb.Attempts, ...] = (), incarnation: int = 1) -> None:
        self._link = self._stub.Link(metadata=_bearer(key))
        hello = pb.Hello(protocol=1, worker=worker, incarnation=incarnation, name="w", machine=MACHINE, held=held)
        await self.say(pb.WorkerWord(hello=hello))

    async def say(self, *words: pb.WorkerWord) -> None:
        await self._link.write(pb.FromWorker(words=words))

    async def hear(self, what: str) -> pb.ServerWord:
        """The next word of this kind; others before it are kept in ``words``."""
        while True:
            while self.words:
                word = self.words.pop(0)
                if word.WhichOneof("word") == what:
                    return word
            message = await self._link.read()
            assert message is not END, f"the link ended before {what!r}"
            self.words.extend(message.words)


def _bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"), ("paceline-protocol", "1"))
