"""A worker's side of the conversation, played by a test: it takes what it is given and does what the test says."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from paceline.model.columns import Attempts, Endings, column
from paceline.model.decision import BeatHeard, Decision, Drain, Drop, Grant, Message, Settled, Stop, Welcome
from paceline.model.events import (
    AttemptsEnded,
    AttemptsStarted,
    Event,
    LinkLost,
    WorkerBeat,
    WorkerJoined,
    WorkerLeft,
)
from paceline.model.ids import AttemptId, Incarnation, JobId, WorkerId
from paceline.model.task import Outcome
from paceline.model.worker import Machine, WorkerState


class Stage(Protocol):
    """Where the play takes place."""

    def step(self, *events: Event) -> Decision: ...


class Hand:
    """One worker. ``held`` is what it believes to hold, ``heard`` all it was told since ``take`` was last called."""

    def __init__(self, stage: Stage, worker: WorkerId, name: str, machine: Machine) -> None:
        self._stage = stage
        self.id = worker
        self.name = name
        self.machine = machine
        self.incarnation = Incarnation(1)
        self.linked = False
        self.link = 0
        self.held: dict[AttemptId, bytes] = {}  # → payload
        self.stopping: dict[AttemptId, str] = {}  # → reason
        self.state = WorkerState.AWAY  # READY and DRAINING as it was told
        self.heard: list[Message] = []

    # ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────

    def join(self) -> Decision:
        """Connect (again) and say all that is held."""
        self.linked = True
        self.link += 1
        return self._stage.step(
            WorkerJoined(
                worker=self.id,
                name=self.name,
                incarnation=self.incarnation,
                machine=self.machine,
                held=named(self.held),
                link=self.link,
            )
        )

    def crash(self) -> None:
        """The host dies; whatever it held is gone. The server is not told."""
        self.linked = False
        self.incarnation = Incarnation(self.incarnation + 1)
        self.held, self.stopping = {}, {}

    def lose_link(self) -> Decision:
        """The connection breaks, and the server notices."""
        self.linked = False
        return self._stage.step(LinkLost(worker=self.id, incarnation=self.incarnation, link=self.link))

    def beat(self) -> Decision:
        return self._stage.step(WorkerBeat(worker=self.id, incarnation=self.incarnation))

    def leave(self) -> Decision:
        """Say goodbye."""
        decision = self._stage.step(WorkerLeft(worker=self.id, incarnation=self.incarnation))
        self.linked = False
        return decision

    # ── working ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, *attempts: AttemptId) -> Decision:
        """Say that these (none named: all) have started."""
        return self._stage.step(
            *(AttemptsStarted(worker=self.id, attempts=group) for group in named(attempts or self.held))
        )

    def end(
        self, *attempts: AttemptId, outcome: Outcome = Outcome.SUCCEEDED, code: int = 0, seconds: float = 1.0
    ) -> Decision:
        """Say that these (none named: all) have ended like this, in one step."""
        return self._stage.step(
            *(
                AttemptsEnded(worker=self.id, endings=alike(group, outcome, code, seconds))
                for group in named(attempts or self.held)
            )
        )

    # ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def hear(self, message: Message) -> None:
        """Do as told, if the words arrive."""
        if not self.linked:
            return
        self.heard.append(message)
        match message:
            case Grant():
                payloads = column(message.payloads, len(message.attempts.indexes), b"")
                self.held.update(zip(each(message.attempts), payloads, strict=True))
            case Stop():
                self.stopping.update(dict.fromkeys(each(message.attempts), message.reason))
            case Drop() | Settled():
                for attempt in each(message.attempts):
                    self.held.pop(attempt, None)
                    self.stopping.pop(attempt, None)
            case Welcome():
                self.state = WorkerState.READY
            case Drain():
                self.state = WorkerState.READY if message.resume else WorkerState.DRAINING
            case BeatHeard():
                pass

    def take(self) -> list[Message]:
        """All that was heard since the last call."""
        heard, self.heard = self.heard, []
        return heard


def each(attempts: Attempts) -> list[AttemptId]:
    """Columns as single attempts."""
    numbers = column(attempts.numbers, len(attempts.indexes), 1)
    return [AttemptId(attempts.job, i, n) for i, n in zip(attempts.indexes, numbers, strict=True)]


def named(attempts: Iterable[AttemptId]) -> Sequence[Attempts]:
    """Single attempts as columns, a value per job."""
    jobs: dict[JobId, list[AttemptId]] = {}
    for attempt in attempts:
        jobs.setdefault(attempt.job, []).append(attempt)
    return [
        Attempts(job=job, indexes=[a.index for a in group], numbers=[a.number for a in group])
        for job, group in jobs.items()
    ]


def alike(attempts: Attempts, outcome: Outcome, code: int = 0, seconds: float = 1.0) -> Endings:
    """All of them ended in the same way."""
    count = len(attempts.indexes)
    well = outcome is Outcome.SUCCEEDED and not code
    return Endings(
        job=attempts.job,
        indexes=attempts.indexes,
        numbers=attempts.numbers,
        outcomes=() if well else [outcome] * count,
        codes=() if well else [code] * count,
        seconds=[seconds] * count,
    )
