"""An agent: the product's machine, journal and outbox, and around them the order of ``agent/loop.py``.

Words come in, the machine answers with actions; what is to be kept is written down, and then the supervisor and the
server are told. Output is sent as ``agent/shipping.py`` does, but in one go and not before the attempt has ended.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from paceline.agent.devices import Books
from paceline.agent.frames import Frame
from paceline.agent.journal import Journal
from paceline.agent.launches import Launches
from paceline.agent.loop import SPACE_EVERY
from paceline.agent.memory import Acked, Written, attempt_ids, recall
from paceline.agent.outbox import Outbox
from paceline.agent.places import Places
from paceline.agent.starting import Starter
from paceline.agent.state import Worker
from paceline.agent.words import (
    Action,
    Chunk,
    Event,
    Flush,
    Keep,
    Leave,
    Order,
    Orphaned,
    Relink,
    Run,
    Shipped,
    Space,
    ToServer,
    Woken,
)
from paceline.executor import Call, Ended, Holds, Launch, Settle, ToSupervisor, Unwritable
from paceline.model.columns import Attempts
from paceline.model.decision import Stop
from paceline.model.ids import Incarnation, WorkerId
from paceline.model.worker import Machine
from tests.simulation.ledger import output_of
from tests.simulation.link import Link
from tests.simulation.network import Route
from tests.simulation.process import Alarm, Process
from tests.simulation.server import Servers
from tests.simulation.spool import Paper
from tests.simulation.wire import Hello

PLENTY = 1 << 40
"""Bytes free, where the disk is not full."""


class Ground(Protocol):
    """The host, as its agent knows it."""

    worker: WorkerId
    name: str
    machine: Machine
    places: Places
    spool: Paper
    route: Route
    servers: Servers

    def find_supervisor(self, agent: "Agent") -> None:
        """Let ``agent`` hear the one that lives, or a new one."""

    def to_supervisor(self, words: Sequence[ToSupervisor]) -> None: ...

    def heard_stop(self, attempts: Attempts) -> None: ...

    def will_run(self, frame: Frame) -> None: ...

    def agent_left(self, agent: "Agent") -> None: ...

    def agent_died(self) -> None: ...

    def flips(self) -> bool:
        """A coin."""

    def check_hello(self, held: Sequence[Attempts]) -> None: ...


class Agent:
    """One start of an agent."""

    def __init__(self, host: Ground, process: Process, incarnation: Incarnation) -> None:
        self.process = process
        self.worker = Worker(Books(host.machine.capacity), host.places)
        self.doomed = False  # to die when it next says something that matters to the supervisor
        self.link = Link(process, host.route, host.servers, self._hello, self.hear)
        self._host = host
        self._incarnation = incarnation
        self._outbox = Outbox(Journal(host.spool))
        self._starter = Starter(Launches(places=host.places, base={}), lambda files, directories: None)
        self._events: deque[Event | Acked] = deque()
        self._acked: dict[str, int] = {}  # bytes of each attempt's output that the server has
        self._alarms: list[Alarm] = []  # one or none
        self._held = False  # the supervisor said what it holds

    def start(self) -> None:
        """Take over what the spool holds, find the supervisor; when it has spoken, link."""
        memory = recall(self._host.spool.read())
        self._acked = {key: acked.offset for (key, _), acked in memory.acked.items()}
        self._perform(self.worker.adopt(memory, self.process.time()))
        self._say()
        self._mend()
        self._host.find_supervisor(self)

    def hear(self, *events: Event | Acked) -> None:
        """This happened. What it leads to is done before this returns, unless it is being done already."""
        busy = bool(self._events)
        self._events += events
        if busy:
            return
        while self._events:
            self._take(self._events[0])
            self._events.popleft()
        self._say()
        if self._outbox.journal.long:
            self._mend()
        self._arm()

    def _take(self, event: Event | Acked) -> None:
        match event:
            case Acked(attempt=attempt, offset=offset):
                self._acked[str(attempt)] = max(offset, self._acked.get(str(attempt), 0))
                self._outbox.keep(event)
                return
            case Holds():
                self._starter.forget()
            case Orphaned():
                self._host.find_supervisor(self)
            case Stop(attempts=attempts):
                self._host.heard_stop(attempts)
        self._perform(self.worker.receive(event, self.process.time()))
        self.worker.check()
        if isinstance(event, Holds) and not self._held:
            self._held = True
            self.link.connect()
            self._watch_space()

    def _perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Run(frame=frame):
                    self._host.will_run(frame)
                    started = self._starter.start(frame)
                    if isinstance(started, Ended | Unwritable):
                        self._events.append(started)
                    else:
                        self._outbox.down(started)
                case Keep(record=record):
                    self._outbox.keep(record)
                case Flush(written=written):
                    self.process.call_later(0.001, self._ship, written)
                case Relink():
                    self.link.relink()
                case Leave():
                    self.process.call_soon(self._leave)
                case _ if isinstance(action, ToServer):
                    self._outbox.up(action)
                case _ if isinstance(action, Order):
                    self._outbox.down(action)

    def _say(self) -> None:
        down, up = self._outbox.release()
        dies = self.doomed and any(isinstance(word, Launch | Call | Settle) for word in down)
        if down and not (dies and self._host.flips()):
            self._host.to_supervisor(down)
        if dies:
            self._host.agent_died()
        elif up:
            self.link.send(up)

    def _mend(self) -> None:
        acked = [
            Acked(attempt=attempt, stream="out", offset=self._acked[str(attempt)])
            for attempts in self.worker.held()
            for attempt in attempt_ids(attempts)
            if str(attempt) in self._acked
        ]
        self._host.to_supervisor(self._outbox.mend([*self.worker.records(), *acked]))

    def _arm(self) -> None:
        now = self.process.time()
        due = max(now, self.worker.wake_at(now))
        for alarm in self._alarms:
            if alarm.when() <= due:
                return
            alarm.cancel()
        self._alarms = [self.process.call_at(due, self._wake)] if due < float("inf") else []

    def _wake(self) -> None:
        self._alarms = []
        self.hear(Woken())

    def _ship(self, written: Written) -> None:
        """All that an attempt wrote, in two pieces; then its end may follow."""
        if self.link.room():
            attempt, length = written.attempt, written.out_end - written.source.out_start
            start = self._acked.get(str(attempt), 0)
            for first, last in ((start, length // 2), (max(start, length // 2), length)):
                if first < last:
                    data = output_of(attempt, last)[first:]
                    self.link.send([Chunk(attempt=attempt, stream="out", offset=first, data=data)])
            self.hear(Shipped(keys=[str(attempt)]))

    def _watch_space(self) -> None:
        if self._outbox.journal.torn:
            self._mend()
        full = self._host.spool.full or self._outbox.journal.torn
        self.hear(Space(fault="no space left on device") if full else Space(free=PLENTY))
        self.process.call_later(SPACE_EVERY, self._watch_space)

    def _leave(self) -> None:
        self.link.close()
        self._host.agent_left(self)

    def _hello(self) -> Hello:
        host = self._host
        host.check_hello(self.worker.held())
        return Hello(
            worker=host.worker,
            name=host.name,
            incarnation=self._incarnation,
            machine=host.machine,
            held=self.worker.held(),
        )
