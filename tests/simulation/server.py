"""The server: the product's loop, core and operations, one process after the other on one disk.

A server may die at every step between deciding, keeping and saying. Another may start while it still runs; the older
one is told of that by the disk, and by nobody else.
"""

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from paceline.agent.memory import Acked
from paceline.agent.words import Beat, Chunk, Draining, Heard, Leaving, Reported, Started
from paceline.blobstores.local import LocalBlobs
from paceline.catalogs.sqlite import MEMORY, SqliteShelf
from paceline.catalogs.threaded import ThreadedCatalog
from paceline.core.restore import restore
from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.model.columns import Endings
from paceline.model.decision import BeatHeard, Decision, Message, Welcome
from paceline.model.events import (
    AttemptsEnded,
    AttemptsStarted,
    DrainAsked,
    Event,
    LinkLost,
    ReportCame,
    WorkerBeat,
    WorkerJoined,
    WorkerLeft,
)
from paceline.model.ids import Incarnation, WorkerId
from paceline.model.records import CancelKept, LogKept
from paceline.model.task import Outcome
from paceline.server.auth import Auth
from paceline.server.fleet import Fleet
from paceline.server.loop import Loop
from paceline.server.open_jobs import OpenJobs
from paceline.server.watch import Watch
from tests.core.audited import picture
from tests.simulation.faults import CRASHES, Fault
from tests.simulation.network import Connection
from tests.simulation.process import HostClock, Process
from tests.simulation.store import Disk, TermStore
from tests.simulation.wire import Hello, Up

TERMS = Terms(beat=5.0, lease=20.0)

Call: TypeAlias = Callable[[Fleet], Coroutine[Any, Any, object]]
"""An operation, to be carried out by whatever server is there."""
Reply: TypeAlias = Callable[[object], None]


class Checked(Scheduler):
    """The product's scheduler. After every step its books must be straight (I6, I7, I8)."""

    def __init__(self, server: "Server") -> None:
        snapshot, now = server.snapshot, server.clock.now()
        cluster = restore(snapshot, TERMS, now)
        assert picture(cluster, now) == picture(restore(snapshot, TERMS, now), now), "I17: restored differently"
        cluster.check()
        super().__init__(cluster, TERMS)
        self._server = server

    def step(self, events: Sequence[Event], now: float) -> Decision:
        decision = super().step(events, now)
        self.cluster.check()
        self._server.note_step(events, decision)
        return decision


class Session:
    """The server's end of a connection, as ``server/grpc_worker.py`` and ``server/links.py`` have it."""

    def __init__(self, server: "Server", connection: Connection) -> None:
        self._server = server
        self._connection = connection
        self.incarnation = Incarnation(0)
        self._number = 0  # which no other connection to this server has
        self._beat = 0
        self._welcomed = False
        self._left = False
        connection.up.deliver = lambda word: server.process.hears(self._take, word)
        connection.lost = lambda: server.process.hears(self._lost)

    def tell(self, message: Message) -> None:
        """Say it, unless it was meant for an earlier connection."""
        if isinstance(message, Welcome):
            self._welcomed = message.link == self._number
        if self._welcomed:
            word = Heard(number=self._beat) if isinstance(message, BeatHeard) else message
            self._connection.down.send(word)

    def cut(self) -> None:
        self._connection.cut()

    def _take(self, word: Up) -> None:
        worker = self._connection.worker
        if self._server.switchboard.get(worker) not in (self, None) and not isinstance(word, Hello):
            self._server.disk.weather.count(Fault.REORDER)
        match word:
            case Hello():
                self._hello(word)
            case Beat(number=number):
                self._beat = number
                self._server.post(WorkerBeat(worker=worker, incarnation=self.incarnation))
            case Started(attempts=attempts):
                self._server.post(AttemptsStarted(worker=worker, attempts=attempts))
            case Endings():
                self._server.disk.ledger.check_told(word)
                self._server.post(AttemptsEnded(worker=worker, endings=word))
            case Reported(attempt=attempt, step=step, values=values):
                self._server.post(ReportCame(worker=worker, attempt=attempt, step=step, values=values))
            case Chunk():
                self._keep_output(word)
            case Draining(resume=resume):
                self._server.post(DrainAsked(worker=worker, resume=resume, own=True))
            case Leaving():
                self._left = True
                self._server.post(WorkerLeft(worker=worker, incarnation=self.incarnation))

    def _hello(self, word: Hello) -> None:
        self.incarnation = word.incarnation
        if self._server.switchboard.refuses(word.worker, word.incarnation):
            self._connection.cut()
            return
        self._number = self._server.switchboard.open(word.worker, self)
        self._server.post(
            WorkerJoined(
                worker=word.worker,
                name=word.name,
                incarnation=word.incarnation,
                machine=word.machine,
                held=word.held,
                link=self._number,
            )
        )

    def _keep_output(self, word: Chunk) -> None:
        kept = Acked(attempt=word.attempt, stream=word.stream, offset=word.offset + len(word.data))
        record = LogKept(attempt=word.attempt, stream=word.stream, offset=word.offset, data=word.data)
        self._server.loop.keep(record, lambda: self._connection.down.send(kept))

    def _lost(self) -> None:
        worker = self._connection.worker
        self._server.switchboard.close(worker, self)
        if not self._left:
            self._server.post(LinkLost(worker=worker, incarnation=self.incarnation, link=self._number))


class Switchboard:
    """The loop's outlet: whatever it says must be so already, and the server may die between two words."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._sessions: dict[WorkerId, Session] = {}
        self._opened = 0

    def send(self, worker: WorkerId, message: Message) -> None:
        self._server.at(Fault.CRASH_SPEAKING)
        if self._server.process.alive:
            self._server.disk.ledger.check_said(worker, message)
            if worker in self._sessions:
                self._sessions[worker].tell(message)

    def get(self, worker: WorkerId) -> Session | None:
        return self._sessions.get(worker)

    def refuses(self, worker: WorkerId, incarnation: Incarnation) -> bool:
        """It was left behind by an agent whose successor is there."""
        return worker in self._sessions and incarnation < self._sessions[worker].incarnation

    def open(self, worker: WorkerId, session: Session) -> int:
        """How the worker is reached from now on. An older connection of it is ended. Returns the new one's number."""
        older = self._sessions.get(worker)
        self._sessions[worker] = session
        self._opened += 1
        if older is not None:
            older.cut()
        return self._opened

    def close(self, worker: WorkerId, session: Session) -> None:
        if self._sessions.get(worker) is session:
            del self._sessions[worker]


class Server:
    """One life. ``died`` is called at its end, however that comes."""

    def __init__(self, disk: Disk, number: int, died: Callable[[], None]) -> None:
        chance = disk.timeline.chance
        rate = chance.choice([0.99, 1.01]) if disk.weather.strikes(Fault.CLOCK_RATE, 0.3) else 1.0
        skew = chance.uniform(-90.0, 90.0) if disk.weather.strikes(Fault.CLOCK_JUMP, 0.3) else 0.0
        self.disk = disk
        self.process = Process(disk.timeline, f"server {number}", rate)
        self.switchboard = Switchboard(self)
        self.steps: list[Decision] = []
        self._died = died
        self._connections: list[Connection] = []
        self._doom: Fault | None = None  # the step at which it is going to die
        store = TermStore(disk, self.process, self.at)
        self.snapshot = _result(store.load())
        self.clock = HostClock(self.process, skew=skew, not_before=self.snapshot.now)
        self.process.enter(lambda: self._begin(store))

    def _begin(self, store: TermStore) -> None:
        self.loop = Loop(Checked(self), store, self.clock, self.switchboard, Watch())
        self.loop.failed.add_done_callback(lambda failed: self.die(f"stops: {failed.exception()}"))
        self.fleet = Fleet(
            loop=self.loop,
            store=store,
            blobs=LocalBlobs(Path("nowhere")),
            catalog=ThreadedCatalog(SqliteShelf(MEMORY)),
            watch=Watch(),
            open_jobs=OpenJobs(self.loop),
            auth=Auth(()),
            clock=self.clock,
            epoch=self.snapshot.epoch,
            store_name="memory",
            started_at=self.clock.now(),
        )
        self.note(f"starts in term {self.snapshot.epoch}, {len(self.snapshot.jobs)} jobs")
        self.loop.start()

    # ── serving ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def post(self, event: Event) -> None:
        self.loop.post(event)

    def accept(self, connection: Connection) -> None:
        """A worker connects."""
        self._connections.append(connection)
        Session(self, connection)

    def serve(self, call: Call, reply: Reply) -> None:
        """A user calls. ``reply`` gets what is returned or raised, unless the server dies before."""

        def begin() -> None:
            task = self.process.create_task(call(self.fleet))
            task.add_done_callback(lambda done: reply(done.exception() or done.result()))

        self.process.hears(begin)

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def doom(self, fault: Fault) -> None:
        """Let it die when it next comes to that step."""
        self._doom = fault

    def at(self, step: Fault) -> None:
        """It has come to that step."""
        if step is self._doom and self.process.alive and self.disk.timeline.happens(0.5):
            self.disk.weather.count(step)
            self.die(str(step))

    def die(self, why: str) -> None:
        if self.process.alive:
            self.note(f"dies: {why}")
            self.process.kill()
            for connection in self._connections:
                connection.cut()
            self._died()

    # ── for the transcript ──────────────────────────────────────────────────────────────────────────────────────────

    def note(self, what: str, *things: object) -> None:
        self.disk.timeline.note(self.process.name, what, *things)

    def note_step(self, events: Sequence[Event], decision: Decision) -> None:
        self.steps.append(decision)
        for event in events:
            if not isinstance(event, WorkerBeat):
                self.note("hears", event)
        for record in decision.records:
            self.note("decides", record)
            if isinstance(record, CancelKept) and record.outcome is Outcome.DEPENDENCY:
                self.disk.weather.count(Fault.DEPENDENCY_FAILURE)


class Servers:
    """All of them, one after the other, or two at a time. ``current`` is the one that was started last."""

    def __init__(self, disk: Disk) -> None:
        self.all: list[Server] = []
        self._disk = disk

    @property
    def current(self) -> Server:
        return self.all[-1]

    def up(self) -> bool:
        """Whether any of them is there."""
        return any(server.process.alive for server in self.all)

    def somebody(self) -> Server | None:
        """Who answers at the server's address: most often the current one, if any."""
        alive = [server for server in self.all if server.process.alive]
        if len(alive) > 1 and self._disk.timeline.happens(0.5):
            return alive[-2]
        return alive[-1] if alive else None

    def start(self) -> None:
        """Another one, whoever may be there."""
        if self.up():
            self._disk.weather.count(Fault.LEADER_CHANGE)
        self.all.append(Server(self._disk, len(self.all) + 1, self._start_later))
        if self._disk.weather.strikes(Fault.CRASH_RECOVERING, 0.1):
            self.current.die(str(Fault.CRASH_RECOVERING))

    def _start_later(self) -> None:
        self._disk.timeline.after(self._disk.timeline.chance.choice([0.1, 1.0, 5.0, 30.0]), self.ensure)

    def ensure(self) -> None:
        """One is there."""
        if not self.up():
            self.start()

    def trouble(self) -> None:
        """Something is wrong with the current one."""
        timeline, server = self._disk.timeline, self.current
        if not server.process.alive:
            return
        match self._disk.weather.any_of(
            (Fault.CRASH, *CRASHES, Fault.SERVER_STOPPED, Fault.LEADER_CHANGE, Fault.LEADER_CHANGE)
        ):
            case None:
                pass
            case Fault.CRASH:
                self._disk.weather.count(Fault.CRASH)
                server.die(str(Fault.CRASH))
            case Fault.SERVER_STOPPED:
                self._disk.weather.count(Fault.SERVER_STOPPED)
                server.note("hangs")
                server.process.stop(timeline.chance.choice([1.0, 10.0, 40.0]))
            case Fault.LEADER_CHANGE:
                if timeline.happens(0.5):
                    server.process.stop(timeline.chance.choice([1.0, 10.0, 40.0]))
                self.start()
            case crash:
                server.doom(crash)


def _result(call: Coroutine[Any, Any, Any]) -> Any:
    """Of a coroutine that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")
