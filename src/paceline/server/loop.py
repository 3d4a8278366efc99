"""The only writer: drain events → core → store → send.

One batch at a time. While a batch is being made durable, whatever happens meanwhile gathers and becomes the next: the
slower the disk, the larger the batches, and the work per event shrinks just when it must. *Save, then speak*: messages
leave and answers are given when, and only when, the batch's records are kept; where there are none, when the store says
that no other server has taken over. A server that was replaced thus falls silent at once, beats included.

While they cannot be kept (a full disk), nothing else is decided: see ``hold``.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVarTuple

from paceline.clock import Clock
from paceline.core.scheduler import Scheduler
from paceline.core.workers import answer_beat
from paceline.model.decision import Answer, Decision, Done, Message
from paceline.model.errors import TryAgain
from paceline.model.events import Event, WorkerBeat
from paceline.model.ids import WorkerId
from paceline.model.records import Record
from paceline.server.alarm import Alarm
from paceline.server.hold import Asked, Hold, checked, tell
from paceline.server.meter import Meter
from paceline.store import Store
from paceline.telemetry import log

_LOG = log("server")

Said = TypeVarTuple("Said")


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
        self._answers: list[Asked | None] = []
        self._records: list[Record] = []  # besides the core's: logs, credentials
        self._kept: list[Callable[[], None]] = []
        self._busy = False
        self.hold = Hold(clock)
        self.meter = Meter()
        self._alarm = Alarm(clock, self._ask_for_turn)
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def post(self, event: Event) -> None:
        """Something happened."""
        if self.hold.trouble is not None and isinstance(event, WorkerBeat):
            self._send(answer_beat(self.scheduler.cluster, event))
            if self.hold.knows(event):
                return
        self._events.append(event)
        self._answers.append(None)
        self._ask_for_turn()

    async def ask(self, event: Event) -> Answer:
        """Something happened, and somebody waits for what follows. Raises the error if that is the answer."""
        self.hold.demand()
        answer: Asked = asyncio.get_running_loop().create_future()
        self._events.append(event)
        self._answers.append(answer)
        self._ask_for_turn()
        return checked(await answer)

    def keep(self, record: Record, kept: Callable[[], None] = lambda: None) -> None:
        """Keep a record that no decision depends on, with the next batch; then call ``kept``."""
        self._records.append(record)
        self._kept.append(kept)
        self._ask_for_turn()

    async def keep_now(self, *records: Record) -> None:
        """The same, for who wants to wait."""
        self.hold.demand()
        for record in records:
            self.keep(record)
        checked(await self.caught_up())

    async def caught_up(self) -> Answer:
        """Return once all that the picture shows now is kept, or nothing can be for now: the answer says which."""
        done: Asked = asyncio.get_running_loop().create_future()
        self._kept.append(lambda: tell(done, Done()))
        self.hold.waiting.add(done)
        self._ask_for_turn()
        try:
            return await done
        finally:
            self.hold.waiting.discard(done)

    def start(self) -> None:
        """Look at the time at once: leases and back-offs may have come due."""
        self._ask_for_turn()

    def _ask_for_turn(self) -> None:
        if not self._busy:
            self._busy = True
            asyncio.get_running_loop().call_soon(self._whole(self._turn))

    def _turn(self) -> None:
        events, self._events = self._events, []
        answers, self._answers = self._answers, []
        besides, self._records = self._records, []
        kept, self._kept = self._kept, []
        began = self._clock.steady()
        decision = self.scheduler.step(events, self._clock.now())
        decided = self._clock.steady()
        self.meter.stepped(len(events), decided - began)
        records = [*decision.records, *besides]

        def done(error: BaseException | None) -> None:
            if isinstance(error, TryAgain):
                self._stand_still(error, answers)
                return
            if error is not None:
                self._fail(error)
                return
            self.hold.end()
            if records:
                self.meter.kept(records, self._clock.steady() - decided)
            self._speak(decision, answers, records)
            for told in kept:
                told()
            self._next(decision.wake_at)

        if records or decision.messages or any(answers):  # without records: are we still the one who may speak?
            self._store.keep(records, self._whole(done))
        else:
            done(None)

    def _whole(self, part: Callable[[*Said], None]) -> Callable[[*Said], None]:
        """The same; if it breaks off half way, the process ends. It would say nothing to anybody for ever."""

        def guarded(*said: *Said) -> None:
            try:
                part(*said)
            except Exception as broken:
                self._fail(broken)
                raise

        return guarded

    def _speak(self, decision: Decision, answers: Sequence[Asked | None], records: Sequence[Record]) -> None:
        self._send(decision.messages)
        for asked, answer in zip(answers, decision.answers, strict=True):
            tell(asked, answer)
        self._audience.kept(records)

    def _send(self, messages: Sequence[tuple[WorkerId, Message]]) -> None:
        for worker, message in messages:
            self._outlet.send(worker, message)

    def _stand_still(self, trouble: TryAgain, answers: Sequence[Asked | None]) -> None:
        """``answers``: to whom the batch that cannot be kept matters."""
        if self.hold.begin(trouble):
            waiting = zip(self._events, self._answers, strict=True)
            self._events, self._answers = [], []
            for event, asked in waiting:
                tell(asked, trouble) if asked else self.post(event)
        self.hold.tell_late(trouble, answers)

    def _next(self, wake_at: float) -> None:
        self._busy = False
        if self._events or self._kept:
            self._ask_for_turn()
        else:
            self._alarm.set(wake_at)

    def _fail(self, error: BaseException) -> None:
        """The picture is ahead of what is kept, or broken: nothing may be said any more. The process ends."""
        if not self.failed.done():
            _LOG.error("the server cannot go on", error)
            self.failed.set_exception(error)
            self.failed.exception()  # seen, even if the process is ending already
