"""The loop while its store cannot keep: nothing that is not kept is said, nobody waits without a word, all goes on."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from paceline.core.cluster import Cluster
from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.model.decision import BeatHeard, Message, Submitted
from paceline.model.errors import TryAgain
from paceline.model.events import JobsSubmitted, WorkerBeat, WorkerJoined
from paceline.model.ids import Incarnation, JobId, WorkerId
from paceline.model.records import JobKept, Record
from paceline.server.loop import Loop
from paceline.stores.memory import MemoryStore
from paceline.testing.clock import FakeClock
from paceline.testing.world import job_spec, machine
from tests.contracts.records import token

FULL = TryAgain("the server is read-only: no space left on /x", hint="free some space, it goes on by itself")
ADA = WorkerId(1)


class Disk(MemoryStore):
    """Keeps as long as there is space."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self._waiting: list[tuple[Sequence[Record], Callable[[BaseException | None], None]]] = []

    def keep(self, records: Sequence[Record], kept: Callable[[BaseException | None], None]) -> None:
        if self.full:
            self._waiting.append((records, kept))
            kept(FULL)
        else:
            super().keep(records, kept)

    def try_again(self) -> None:
        waiting, self._waiting = self._waiting, []
        for records, kept in waiting:
            self.keep(records, kept)


class Server:
    """A loop over such a disk; what it says to workers and to its audience."""

    def __init__(self, disk: Disk | None = None) -> None:
        self.disk = disk or Disk()
        self.clock = FakeClock()
        self.said: list[Message] = []
        self.told: list[Record] = []
        self.cluster = Cluster()
        scheduler = Scheduler(self.cluster, Terms(beat=5.0, lease=20.0))
        self.loop = Loop(scheduler, self.disk, self.clock, self, self)

    def send(self, worker: WorkerId, message: Message) -> None:
        self.said.append(message)

    def kept(self, records: Sequence[Record]) -> None:
        self.told += records

    def submit(self, name: str = "job") -> "asyncio.Task[object]":
        return asyncio.ensure_future(self.loop.ask(JobsSubmitted(specs=[job_spec(name=name)])))

    def join(self) -> None:
        self.loop.post(WorkerJoined(worker=ADA, name="ada", incarnation=Incarnation(1), machine=machine()))

    def beat(self, incarnation: int = 1) -> None:
        self.loop.post(WorkerBeat(worker=ADA, incarnation=Incarnation(incarnation)))

    async def rest(self) -> None:
        """Let everything happen that is due."""
        for _ in range(10):
            await asyncio.sleep(0)


def run(scenario: Callable[[Server], object]) -> None:
    async def play() -> None:
        server = Server()
        await server.disk.load()
        server.join()
        await server.rest()
        server.said.clear()
        server.told.clear()
        await scenario(server)  # type: ignore[misc]

    asyncio.run(play())


def test_what_is_not_kept_is_not_said_until_it_is() -> None:
    async def scenario(server: Server) -> None:
        server.disk.full = True
        first = server.submit()
        await server.rest()
        server.disk.try_again()
        assert (server.said, server.told, first.done()) == ([], [], False)
        server.disk.full = False
        server.disk.try_again()
        assert await first == Submitted(jobs=[JobId(1)])
        assert [type(message).__name__ for message in server.said] == ["Grant"]
        assert server.loop.hold.trouble is None

    run(scenario)


def test_whose_wish_is_held_too_long_is_told_so() -> None:
    async def scenario(server: Server) -> None:
        server.disk.full = True
        first = server.submit()
        await server.rest()
        server.clock.advance(4.9)
        server.disk.try_again()
        assert not first.done()
        server.clock.advance(0.2)
        server.disk.try_again()
        with pytest.raises(TryAgain, match="read-only") as refused:
            await first
        assert "may still be done" in refused.value.hint
        server.disk.full = False
        server.disk.try_again()
        await server.rest()
        assert JobId(1) in server.cluster.jobs

    run(scenario)


def test_who_asks_meanwhile_is_refused_and_nothing_is_done() -> None:
    async def scenario(server: Server) -> None:
        server.disk.full = True
        server.submit("first")
        await server.rest()
        with pytest.raises(TryAgain, match="read-only: no space left on /x") as refused:
            await server.submit("second")
        assert refused.value.hint == "free some space, it goes on by itself"
        with pytest.raises(TryAgain):
            await server.loop.keep_now(token())
        server.disk.full = False
        server.disk.try_again()
        await server.rest()
        assert [record.spec.name for record in server.told if isinstance(record, JobKept)] == ["first"]

    run(scenario)


def test_who_had_asked_but_not_been_heard_is_refused_too() -> None:
    async def scenario(server: Server) -> None:
        late: list[asyncio.Task[object]] = []
        server.disk.full = True
        server.submit("first")
        asyncio.get_running_loop().call_soon(lambda: late.append(server.submit("second")))
        await server.rest()
        with pytest.raises(TryAgain):
            await late[0]

    run(scenario)


def test_signs_of_life_are_answered_so_that_no_lease_runs_out() -> None:
    async def scenario(server: Server) -> None:
        server.disk.full = True
        server.submit()
        await server.rest()
        for _ in range(12):
            server.clock.advance(5.0)
            server.beat()
        server.beat(incarnation=0)
        await server.rest()
        assert server.said == [BeatHeard()] * 12
        server.disk.full = False
        server.disk.try_again()
        await server.rest()
        assert server.cluster.workers[ADA].state == "READY"
        assert server.cluster.workers[ADA].held

    run(scenario)


def test_who_was_silent_meanwhile_is_lost_once_it_goes_on() -> None:
    async def scenario(server: Server) -> None:
        server.disk.full = True
        server.submit()
        await server.rest()
        server.clock.advance(60.0)
        server.disk.full = False
        server.disk.try_again()
        await server.rest()
        server.loop.start()  # the clock's alarm
        await server.rest()
        assert server.cluster.workers[ADA].state == "LOST"

    run(scenario)


def test_nobody_who_only_looks_waits_for_space() -> None:
    async def scenario(server: Server) -> None:
        server.disk.full = True
        server.submit()
        looking = asyncio.ensure_future(server.loop.caught_up())
        await server.rest()
        server.clock.advance(5.1)
        server.disk.try_again()
        await looking
        assert server.loop.hold.trouble is not None

    run(scenario)


def test_a_server_that_breaks_off_while_it_speaks_ends_and_does_not_stand_still() -> None:
    class Raising(Server):
        def kept(self, records: Sequence[Record]) -> None:
            raise RuntimeError("a listener of ours is wrong")

    async def scenario() -> None:
        broken: list[BaseException | None] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: broken.append(context.get("exception")))
        server = Raising()
        server.submit()
        with pytest.raises(RuntimeError, match="a listener of ours is wrong"):
            await asyncio.wait_for(server.loop.failed, 5)
        assert [str(error) for error in broken] == ["a listener of ours is wrong"]

    asyncio.run(scenario())


def test_a_server_that_cannot_write_down_what_it_decided_ends_and_does_not_stand_still() -> None:
    class Unwritable(Disk):
        def keep(self, records: Sequence[Record], kept: Callable[[BaseException | None], None]) -> None:
            raise OverflowError("can't serialize ints > 2**64 - 1")

    async def scenario() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        server = Server(Unwritable())
        server.submit()
        with pytest.raises(OverflowError, match="can't serialize"):
            await asyncio.wait_for(server.loop.failed, 5)

    asyncio.run(scenario())
