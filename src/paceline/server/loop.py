"""The only writer: drain events → core → store → send.

One batch at a time. While a batch is being made durable, whatever happens meanwhile gathers and becomes the next: the
slower the disk, the larger the batches, and the work per event shrinks just when it must. *Save, then speak*: messages
leave and answers are given when, and only when, the batch's records are kept.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from paceline.clock import Clock
from paceline.core.scheduler import Scheduler
from paceline.model.decision import Answer, Decision, Message
from paceline.model.errors import PacelineError
from paceline.model.events import Event
from paceline.model.ids import WorkerId
from paceline.model.records import Record
from paceline.store import Store


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
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = float("inf")
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def post(self, event: Event) -> None:
        """Something happened."""
        self._events.append(event)
        self._answers.append(None)
        self._ask_for_turn()

    async def ask(self, event: Event) -> Answer:
        """Something happened, and somebody waits for what follows. Raises the error if that is the answer."""
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
        done = asyncio.Event()
        for record in records[:-1]:
            self.keep(record)
        self.keep(records[-1], done.set)
        await done.wait()

    async def caught_up(self) -> None:
        """Return once all that the picture shows now is kept."""
        done = asyncio.Event()
        self._kept.append(done.set)
        self._ask_for_turn()
        await done.wait()

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
            if error is not None:
                self._fail(error)
                return
            self._speak(decision, answers, records)
            for tell in kept:
                tell()
            self._next(decision.wake_at)

        if records:
            self._store.keep(records, done)
        else:
            done(None)

    def _speak(
        self, decision: Decision, answers: Sequence[asyncio.Future[Answer] | None], records: Sequence[Record]
    ) -> None:
        for worker, message in decision.messages:
            self._outlet.send(worker, message)
        for waiting, answer in zip(answers, decision.answers, strict=True):
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)
        self._audience.kept(records)

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
