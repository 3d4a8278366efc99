"""A server: the real core, one batch at a time, kept before it is spoken of. It may die between any two of these."""

from collections.abc import Callable, Sequence
from typing import Protocol

from paceline.core.restore import restore
from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.model.decision import Answer, Decision, Message, Welcome
from paceline.model.events import Event, LinkLost
from paceline.model.ids import Incarnation, WorkerId
from paceline.stores.tables import Tables
from tests.core.audited import picture
from tests.simulation.ledger import Ledger
from tests.simulation.timeline import Timeline

TERMS = Terms(beat=5.0, lease=20.0)

Reply = Callable[[Answer], None]


class Listener(Protocol):
    """The worker's end of a connection."""

    def hear(self, link: "Link", message: Message) -> None: ...

    def broke(self, link: "Link") -> None: ...


class Link:
    """One connection of one worker. Words arrive in their order, or not at all."""

    def __init__(self, timeline: Timeline, number: int, worker: WorkerId, listener: Listener) -> None:
        self.number = number
        self.worker = worker
        self.alive = True
        self.welcomed = False
        self._timeline = timeline
        self._listener = listener
        self._up = self._down = 0.0

    def say(self, server: "Server", event: Event) -> None:
        """Worker → server."""
        self._up = max(self._up, self._timeline.now) + self._timeline.chance.uniform(0.0, 0.05)
        self._timeline.after(self._up - self._timeline.now, lambda: self._arrive(server, event))

    def _arrive(self, server: "Server", event: Event) -> None:
        if self.alive or self._timeline.happens(0.3):  # of a broken connection the last words may still come
            server.post(event)

    def tell(self, message: Message) -> None:
        """Server → worker. Nothing before its own welcome: that was meant for an earlier connection."""
        if isinstance(message, Welcome):
            self.welcomed = message.link == self.number
        if self.alive and self.welcomed:
            self._down = max(self._down, self._timeline.now) + self._timeline.chance.uniform(0.0, 0.05)
            self._timeline.after(self._down - self._timeline.now, lambda: self._deliver(message))

    def _deliver(self, message: Message) -> None:
        if self.alive:
            self._listener.hear(self, message)

    def cut(self) -> None:
        """It breaks; the worker notices a little later."""
        if self.alive:
            self.alive = False
            self._timeline.soon(lambda: self._listener.broke(self), 2.0)


class Server:
    """See the module."""

    def __init__(self, timeline: Timeline, tables: Tables, ledger: Ledger) -> None:
        self.tables = tables
        self.life = 0
        self.up = False
        self.decisions: list[Decision] = []
        self._timeline = timeline
        self._ledger = ledger
        self._links: dict[WorkerId, Link] = {}
        self._inbox: list[tuple[Event, Reply | None]] = []
        self._busy = False
        self._decided_at = 0.0
        self._slowness = timeline.chance.choice([0.005, 0.1])  # how often the disk, or the process, takes its time

    def start(self) -> None:
        """Go on from what is kept."""
        self.life += 1
        self.up = True
        self._busy = False
        self._inbox = []
        self._links = {}
        snapshot = self.tables.snapshot()
        now = self._timeline.now
        cluster = restore(snapshot, TERMS, now)
        assert picture(cluster, now) == picture(restore(snapshot, TERMS, now), now)
        cluster.check()
        self.scheduler = Scheduler(cluster, TERMS)
        self._timeline.note("server", f"starts, life {self.life}, {len(cluster.jobs)} jobs")
        self._ask_for_turn()

    def crash(self) -> None:
        """Die. What was given to the store may have reached it, or not."""
        self._timeline.note("server", "dies")
        self.up = False
        self.life += 1
        for link in self._links.values():
            link.cut()

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────

    def idle(self) -> bool:
        """Nothing is being decided, kept or said."""
        return self.up and not self._busy

    def connect(self, link: Link) -> None:
        """A worker is reached by this connection from now on."""
        older = self._links.get(link.worker)
        self._links[link.worker] = link
        if older is not None:
            older.cut()

    def disconnect(self, link: Link, incarnation: Incarnation) -> None:
        """The server notices that the connection is gone, be it long after the next one was there."""
        if self._links.get(link.worker) is link:
            del self._links[link.worker]
        self.post(LinkLost(worker=link.worker, incarnation=incarnation, link=link.number))

    # ── the loop ────────────────────────────────────────────────────────────────────────────────────────────────────

    def post(self, event: Event, reply: Reply | None = None) -> None:
        """Something happened; lost if nobody is there."""
        if self.up:
            self._inbox.append((event, reply))
            self._ask_for_turn()

    def _ask_for_turn(self) -> None:
        if not self._busy:
            self._busy = True
            life = self.life
            self._timeline.soon(lambda: self._turn(life), self._slow(0.01, 30.0))

    def _slow(self, usually: float, seldom: float) -> float:
        return seldom if self._timeline.happens(self._slowness) else usually

    def _turn(self, life: int) -> None:
        if life != self.life:
            return
        inbox, self._inbox = self._inbox, []
        self._decided_at = self._timeline.now
        decision = self.scheduler.step([event for event, _ in inbox], self._decided_at)
        self.scheduler.cluster.check()
        self.decisions.append(decision)
        for event, _ in inbox:
            self._timeline.note("server", "hears", event)
        for record in decision.records:
            self._timeline.note("server", "decides", record)
        self._timeline.soon(lambda: self._keep(life, decision, [reply for _, reply in inbox]), self._slow(0.02, 5.0))

    def _keep(self, life: int, decision: Decision, replies: Sequence[Reply | None]) -> None:
        if life != self.life and self._timeline.happens(0.5):
            return  # died before the commit
        if life != self.life and (self.up or self.life != life + 1):
            return  # another server has taken over: its term refuses this
        twice = self.tables.twice(decision.records)
        assert not twice, f"{twice} would be kept twice"
        self.tables.keep(decision.records)
        self._ledger.keep(decision.records)
        if life == self.life:
            if self._timeline.happens(0.02):
                self._prove_restart()
            self._speak(decision, replies)

    def _prove_restart(self) -> None:
        now = self._decided_at
        cluster = self.scheduler.cluster
        again = restore(self.tables.snapshot(), TERMS, now)
        again.check()
        assert picture(again, now) == picture(cluster, now)

    def _speak(self, decision: Decision, replies: Sequence[Reply | None]) -> None:
        for worker, message in decision.messages:
            if worker in self._links:
                self._links[worker].tell(message)
        for reply, answer in zip(replies, decision.answers, strict=True):
            if reply is not None:
                reply(answer)
        self._busy = False
        if self._inbox:
            self._ask_for_turn()
        elif decision.wake_at != float("inf"):
            life = self.life
            wait = max(0.0, decision.wake_at - self._timeline.now)
            self._timeline.after(wait, lambda: self._wake(life))

    def _wake(self, life: int) -> None:
        if life == self.life:
            self._ask_for_turn()
