"""The only writer: drain events → core → store → send.

One batch at a time. While a batch is being made durable, whatever happens meanwhile gathers and becomes the next: the
slower the disk, the larger the batches, and the work per event shrinks just when it must. *Save, then speak*: messages
leave and answers are given when, and only when, the batch's records are kept; where there are none, when the store says
that no other server has taken over. A server that was replaced thus falls silent at once, beats included.

If they cannot be kept for now (a full disk), the store holds them and goes on trying. Until it succeeds nothing else
is decided, since that would rest on them: who asks for something is refused, and what workers tell waits. Only their
signs of life are answered, which rests on nothing that is not kept, or every lease would run out meanwhile. Whose wish
is among what is held waits a little, and is then told the truth: it may still be carried out.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from paceline.clock import Clock
from paceline.core.scheduler import Scheduler
from paceline.model.decision import Answer, Decision, Done, Message
from paceline.model.errors import PacelineError, TryAgain
from paceline.model.events import Event, WorkerBeat
from paceline.model.ids import WorkerId
from paceline.model.records import Record
from paceline.store import Store

PATIENCE = 5.0
"""Seconds that one waits for space whose wish is decided and not kept."""


class Outlet(Protocol):
    """Where messages to workers leave (``server/links.py``)."""

    def send(self, worker: WorkerId, message: Message) -> None: ...


class Audience(Protocol):
    """Who wants to know what has been kept (``server/watch.py``)."""

    def kept(self, records: Sequence[Record]) -> None: ...


class Loop:
    """Owns the scheduler and the store's writing side."""

    def __init__(self, scheduler: Scheduler, store: Store, clock: Clock, outlet: Outlet, audience: Audience) -> None:
        self.scheduler = scheduler
        self._store = store
        self._clock = clock
        self._outlet = outlet
        self._audience = audience
        self._events: list[Event] = []
        self._answers: list[asyncio.Future[Answer] | None] = []
        self._records: list[Record] = []  # besides the core's: logs, credentials
        self._kept: list[Callable[[], None]] = []
        self._busy = False
        self.trouble: TryAgain | None = None  # why nothing can be kept for now
        self._held_since = 0.0
        self._promised: set[asyncio.Future[Answer]] = set()  # who waits in ``keep_now``
        self._beats: set[WorkerBeat] = set()  # that came meanwhile
        self._curious: set[asyncio.Event] = set()  # who waits in ``caught_up``
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = float("inf")
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def post(self, event: Event) -> None:
        """Something happened."""
        if self.trouble is not None and isinstance(event, WorkerBeat) and self._answered(event):
            return
        self._events.append(event)
        self._answers.append(None)
        self._ask_for_turn()

    async def ask(self, event: Event) -> Answer:
        """Something happened, and somebody waits for what follows. Raises the error if that is the answer."""
        self.demand_space()
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._events.append(event)
        self._answers.append(answer)
        self._ask_for_turn()
        given = await answer
        if isinstance(given, PacelineError):
            raise given
        return given

    def keep(self, record: Record, kept: Callable[[], None] = lambda: None) -> None:
        """Keep a record that no decision depends on, with the next batch; then call ``kept``."""
        self._records.append(record)
        self._kept.append(kept)
        self._ask_for_turn()

    async def keep_now(self, *records: Record) -> None:
        """The same, for who wants to wait."""
        self.demand_space()
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        for record in records[:-1]:
            self.keep(record)
        self.keep(records[-1], lambda: _tell(done, Done()))
        self._promised.add(done)
        given = await done
        self._promised.discard(done)
        if isinstance(given, PacelineError):
            raise given

    def demand_space(self) -> None:
        """Raises TryAgain while nothing can be kept."""
        if self.trouble is not None:
            raise TryAgain(self.trouble.message, hint=self.trouble.hint)

    async def caught_up(self) -> None:
        """Return once all that the picture shows now is kept, or nothing can be for now."""
        done = asyncio.Event()
        self._curious.add(done)
        self._kept.append(done.set)
        self._ask_for_turn()
        await done.wait()
        self._curious.discard(done)

    def start(self) -> None:
        """Look at the time at once: leases and back-offs may have come due."""
        self._ask_for_turn()

    def _ask_for_turn(self) -> None:
        if not self._busy:
            self._busy = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        events, self._events = self._events, []
        answers, self._answers = self._answers, []
        besides, self._records = self._records, []
        kept, self._kept = self._kept, []
        try:
            decision = self.scheduler.step(events, self._clock.now())
        except Exception as error:
            self._fail(error)
            raise
        records = [*decision.records, *besides]

        def done(error: BaseException | None) -> None:
            if isinstance(error, TryAgain):
                self._hold(error, answers)
                return
            if error is not None:
                self._fail(error)
                return
            self._release()
            self._speak(decision, answers, records)
            for tell in kept:
                tell()
            self._next(decision.wake_at)

        if records or decision.messages or any(answers):  # without records: are we still the one who may speak?
            self._store.keep(records, done)
        else:
            done(None)

    def _speak(
        self, decision: Decision, answers: Sequence[asyncio.Future[Answer] | None], records: Sequence[Record]
    ) -> None:
        for worker, message in decision.messages:
            self._outlet.send(worker, message)
        for asked, answer in zip(answers, decision.answers, strict=True):
            _tell(asked, answer)
        self._audience.kept(records)

    def _hold(self, trouble: TryAgain, answers: Sequence[asyncio.Future[Answer] | None]) -> None:
        """The batch waits in the store. ``answers``: who waits for that batch."""
        if self.trouble is None:
            self._held_since = self._clock.steady()
            waiting = zip(self._events, self._answers, strict=True)
            self._events, self._answers = [], []
            self.trouble = trouble
            for event, answer in waiting:
                if answer is None:
                    self.post(event)
                else:
                    _tell(answer, trouble)
            for done in self._curious:
                done.set()
        elif self._clock.steady() >= self._held_since + PATIENCE:
            hint = f"{trouble.hint}; what you asked for may still be done then: look before you ask again"
            for asked in (*answers, *self._promised):
                _tell(asked, TryAgain(trouble.message, hint=hint))

    def _answered(self, beat: WorkerBeat) -> bool:
        """Answer it at once; True if the next step will hear of that worker in any case."""
        for worker, message in self.scheduler.answer(beat, self._clock.now()):
            self._outlet.send(worker, message)
        known = beat in self._beats
        self._beats.add(beat)
        return known

    def _release(self) -> None:
        self.trouble = None
        self._beats.clear()

    def _next(self, wake_at: float) -> None:
        self._busy = False
        if self._events or self._kept:
            self._ask_for_turn()
        elif wake_at != self._alarm_at:
            self._set_alarm(wake_at)

    def _set_alarm(self, wake_at: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = wake_at
        if wake_at != float("inf"):
            wait = max(0.0, wake_at - self._clock.now())
            self._alarm = asyncio.get_running_loop().call_later(wait, self._wake)

    def _wake(self) -> None:
        self._alarm_at = float("inf")
        self._ask_for_turn()

    def _fail(self, error: BaseException) -> None:
        """The picture is ahead of what is kept, or broken: nothing may be said any more. The process ends."""
        if not self.failed.done():
            self.failed.set_exception(error)
            self.failed.exception()  # seen, even if the process is ending already


def _tell(asked: asyncio.Future[Answer] | None, answer: Answer) -> None:
    """Unless nobody waits, or not any more."""
    if asked is not None and not asked.done():
        asked.set_result(answer)
