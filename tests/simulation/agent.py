"""A worker: an agent with a hand, a supervisor that runs things, ends that are told until they are settled."""

from collections.abc import Iterable

from paceline.model.columns import Attempts, Endings, column
from paceline.model.decision import BeatHeard, Drain, Drop, Grant, Message, Settled, Stop, Welcome
from paceline.model.events import (
    AttemptsEnded,
    AttemptsStarted,
    Event,
    ReportCame,
    WorkerBeat,
    WorkerJoined,
    WorkerLeft,
)
from paceline.model.ids import AttemptId, Incarnation, TaskId, WorkerId
from paceline.model.resources import Need
from paceline.model.task import Ending, Outcome
from paceline.model.worker import Machine
from paceline.testing.hand import each, named
from tests.simulation.server import TERMS, Link, Server
from tests.simulation.timeline import Timeline

SHARE = 0.8
"""Of the server's lease that the worker allows itself."""
PATIENCE = 0.25
"""Seconds after which what waits in the hand goes back."""
ENDS = (
    [Outcome.SUCCEEDED] * 30
    + [Outcome.FAILED] * 4
    + [Outcome.OOM, Outcome.TIMEOUT, Outcome.LAUNCH, Outcome.STAGE_IN, Outcome.LOST, Outcome.INTERRUPTED]
)


class Stage:
    """Which attempts run anywhere: never two of the same task."""

    def __init__(self) -> None:
        self.running: dict[TaskId, AttemptId] = {}
        self.payloads: dict[TaskId, bytes] = {}

    def enter(self, attempt: AttemptId, payload: bytes) -> None:
        other = self.running.get(attempt.task)
        assert other is None, f"{attempt} begins while {other} still runs"
        assert payload == self.payloads.get(attempt.task, payload), f"{attempt}: got another task's payload"
        self.running[attempt.task] = attempt

    def leave(self, attempts: Iterable[AttemptId]) -> None:
        for attempt in attempts:
            if self.running.get(attempt.task) == attempt:
                del self.running[attempt.task]


class Agent:
    """See the module. ``hand``, ``running`` and ``ends`` hold each attempt once."""

    def __init__(self, timeline: Timeline, server: Server, stage: Stage, number: int, machine: Machine) -> None:
        self.id = WorkerId(number)
        self.name = f"w{number}"
        self.machine = machine
        self.up = False
        self.hand: dict[AttemptId, tuple[Need, bytes, float]] = {}
        self.running: dict[AttemptId, Need] = {}
        self.ends: dict[AttemptId, Ending] = {}
        self.dropped: set[AttemptId] = set()
        self._timeline = timeline
        self._server = server
        self._stage = stage
        self._incarnation = 0
        self._link: Link | None = None
        self._link_number = 0
        self._linked = False
        self._lease_until = float("inf")
        self._beats: list[float] = []
        self._draining = False

    # ── lives ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """The agent starts; what the supervisor runs, and ends in the spool, are still there."""
        self._incarnation += 1
        self.up = True
        self._draining = False
        self._note("starts")
        self._connect()

    def crash_agent(self) -> None:
        """The agent dies; its hand is gone, what runs goes on."""
        self._note("agent dies")
        self.up = False
        self.hand = {}
        self._hang_up()

    def crash_host(self) -> None:
        """Everything dies."""
        self._note("host dies")
        self._stage.leave(self.running)
        self.running, self.ends = {}, {}
        self._lease_until = float("inf")
        self.crash_agent()

    def lose_link(self) -> None:
        if self._link is not None:
            self._note("loses its connection")
            self._hang_up()

    def _hang_up(self) -> None:
        link, self._link, self._linked = self._link, None, False
        if link is not None:
            link.alive = False
            incarnation = Incarnation(self._incarnation)
            self._timeline.soon(lambda: self._server.disconnect(link, incarnation), 5.0)
            if self.up:
                self._timeline.soon(self._connect, 3.0)

    def broke(self, link: Link) -> None:
        """The connection is gone."""
        if link is self._link:
            self._hang_up()

    def _connect(self) -> None:
        if not self.up or self._link is not None:
            return
        if not self._server.up:
            self._timeline.soon(self._connect, 2.0)
            return
        self._link_number += 1
        self._link = Link(self._timeline, self._link_number, self.id, self)
        self._server.connect(self._link)
        self._beats = [self._timeline.now]
        held = [*self.hand, *self.running, *self.ends]
        self._note("connects, holds", *held)
        self._say(
            WorkerJoined(
                worker=self.id,
                name=self.name,
                incarnation=Incarnation(self._incarnation),
                machine=self.machine,
                held=named(held),
                link=self._link_number,
            )
        )

    def _say(self, event: Event) -> None:
        if self._link is not None:
            self._link.say(self._server, event)

    # ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def hear(self, link: Link, message: Message) -> None:
        """A word of the server."""
        if link is not self._link:
            return
        match message:
            case Welcome():
                self._on_welcome()
            case BeatHeard():
                self._extend(self._beats.pop(0))
            case Grant():
                self._on_grant(message)
            case Stop():
                for attempt in each(message.attempts):
                    self._on_stop(attempt)
            case Drop() | Settled():
                self._let_go(message.attempts)
            case Drain():
                self._on_drain(message)

    def _on_welcome(self) -> None:
        if self._linked:
            return
        self._linked = True
        self._extend(self._beats.pop(0))
        self._tell(list(self.ends))
        link = self._link
        self._timeline.after(TERMS.beat, lambda: self._beat(link))
        if self._timeline.happens(0.5):
            self._tell(list(self.ends))  # a repeat is no harm

    def _beat(self, link: Link | None) -> None:
        if link is not None and link is self._link:
            self._beats.append(self._timeline.now)
            self._say(WorkerBeat(worker=self.id, incarnation=Incarnation(self._incarnation)))
            self._timeline.after(TERMS.beat, lambda: self._beat(link))

    def _extend(self, sent_at: float) -> None:
        self._lease_until = until = sent_at + SHARE * TERMS.lease
        self._timeline.after(until - self._timeline.now, self._look_at_lease)

    def _look_at_lease(self) -> None:
        if self._timeline.now >= self._lease_until:
            self._note("its lease is over: kills what runs")
            self.hand = {}
            self._finish({attempt: Ending(outcome=Outcome.LOST) for attempt in self.running})
            self._lease_until = float("inf")
            if self.up:
                self.lose_link()

    def _on_grant(self, grant: Grant) -> None:
        payloads = column(grant.payloads, len(grant.attempts.indexes), b"")
        given = dict(zip(each(grant.attempts), payloads, strict=True))
        for attempt, payload in given.items():
            assert attempt not in self.running, f"{attempt} was granted twice"
            assert attempt not in self.ends, f"{attempt} was granted again"
            self.hand[attempt] = (grant.need, payload, self._timeline.now)
        if self._draining:
            self._give_back(list(given))
        self._timeline.soon(self._begin, 0.01)
        self._timeline.after(PATIENCE + 0.02, self._begin)

    def _on_stop(self, attempt: AttemptId) -> None:
        if attempt in self.hand:
            self._give_back([attempt], Outcome.CANCELLED)
        elif attempt in self.running:
            outcome = self._timeline.chance.choice([Outcome.CANCELLED] * 4 + [Outcome.FAILED, Outcome.SUCCEEDED])
            self._timeline.soon(lambda: self._finish({attempt: Ending(outcome=outcome)}), 1.0)

    def _let_go(self, attempts: Attempts) -> None:
        for attempt in each(attempts):
            self.hand.pop(attempt, None)
            self.ends.pop(attempt, None)
            if self.running.pop(attempt, None) is not None:
                self._stage.leave([attempt])
        self._leave_if_done()

    def _on_drain(self, message: Drain) -> None:
        self._draining = not message.resume
        if self._draining:
            self._give_back(list(self.hand))
            self._leave_if_done()

    def _leave_if_done(self) -> None:
        if self._draining and self._linked and not (self.hand or self.running or self.ends):
            self._note("leaves")
            self._say(WorkerLeft(worker=self.id, incarnation=Incarnation(self._incarnation)))
            self.up = False
            self._link, self._linked = None, False
            self._timeline.soon(self._return, 30.0)

    def _return(self) -> None:
        if not self.up:
            self.start()

    # ── working ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        for attempt, (need, payload, since) in list(self.hand.items()):
            busy = sum(other.cpu for other in self.running.values())
            if busy + need.cpu <= self.machine.capacity.cpu:
                del self.hand[attempt]
                self.running[attempt] = need
                self._stage.enter(attempt, payload)
                self._run(attempt)
            elif self.running and since <= self._timeline.now - PATIENCE:
                self._give_back([attempt])

    def _run(self, attempt: AttemptId) -> None:
        chance = self._timeline.chance
        seconds = chance.choice([0.002, 0.002, 0.05, 1.0, 5.0, 20.0])
        outcome = chance.choice(ENDS)
        code = chance.choice([1, 75]) if outcome is Outcome.FAILED else 0
        self._note("begins", attempt)
        if seconds >= 1.0:
            self._say(AttemptsStarted(worker=self.id, attempts=named([attempt])[0]))
            self._say(ReportCame(worker=self.id, attempt=attempt, step=1, values="{}"))
        self._timeline.after(
            seconds, lambda: self._finish({attempt: Ending(outcome=outcome, code=code, seconds=seconds)})
        )

    def _finish(self, ends: dict[AttemptId, Ending]) -> None:
        """These have ended, as far as they still run; even while no agent is there."""
        ended = {attempt: ending for attempt, ending in ends.items() if attempt in self.running}
        for attempt in ended:
            del self.running[attempt]
        self._stage.leave(ended)
        self.ends.update(ended)
        self._tell(list(ended))
        if self.up:
            self._begin()

    def _give_back(self, attempts: list[AttemptId], outcome: Outcome = Outcome.RETURNED) -> None:
        for attempt in attempts:
            del self.hand[attempt]
            self.ends[attempt] = Ending(outcome=outcome)
        self._tell(attempts)

    def _tell(self, attempts: list[AttemptId]) -> None:
        if not self._linked:
            return
        for group in named(attempts):
            ends = [self.ends[AttemptId(group.job, i, n)] for i, n in zip(group.indexes, group.numbers, strict=True)]
            self._note("tells how these ended:", *each(group), *(end.outcome.value for end in ends))
            self._say(AttemptsEnded(worker=self.id, endings=_columns(group, ends)))

    def _note(self, what: str, *things: object) -> None:
        self._timeline.note(self.name, what, *things)


def _columns(group: Attempts, ends: list[Ending]) -> Endings:
    well = all(end.outcome is Outcome.SUCCEEDED for end in ends)
    return Endings(
        job=group.job,
        indexes=group.indexes,
        numbers=group.numbers,
        outcomes=() if well else [end.outcome for end in ends],
        codes=[end.code for end in ends],
        seconds=[end.seconds for end in ends],
    )
