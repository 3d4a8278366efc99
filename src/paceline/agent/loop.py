"""Carries out what the machine decides: the one place where the agent's parts meet.

Everything runs in one thread, and nothing in it waits: words come in, ``state`` answers with actions, and these are
handed to the spool, the supervisor, the link and the shipper in their order. Removing directories is left to a thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from paceline.agent.disk import look
from paceline.agent.journal import Journal
from paceline.agent.launches import Launches
from paceline.agent.link import Link
from paceline.agent.memory import Acked, Memory
from paceline.agent.outbox import Outbox
from paceline.agent.parts import Parts
from paceline.agent.shipping import Shipper
from paceline.agent.spool import Spool
from paceline.agent.starting import Starter
from paceline.agent.state import Worker
from paceline.agent.supervision import Supervision
from paceline.agent.sweep import sweep
from paceline.agent.traces import Traces
from paceline.agent.words import (
    Action,
    Draining,
    Event,
    Flush,
    Follow,
    Forget,
    Keep,
    Leave,
    Linked,
    Order,
    Orphaned,
    Relink,
    Run,
    Shipped,
    Space,
    ToServer,
    Woken,
)
from paceline.clock import Clock
from paceline.executor import Ended, Holds, Unbegun, Unwritable
from paceline.model.decision import Drain
from paceline.telemetry import log
from paceline.wire.outgoing import INTERVAL

_LOG = log("worker")
CALM = 0.02
"""Seconds between two messages to the server while there is work in hand: then nobody waits for what we say."""
SPACE_EVERY = 5.0
"""Seconds between two looks at the free space."""


class Loop:
    """Made by ``app``; ``run`` returns when the machine wants to leave."""

    def __init__(self, worker: Worker, spool: Spool, launches: Launches, clock: Clock) -> None:
        self._worker = worker
        self._outbox = Outbox(Journal(spool))
        self._traces = Traces(launches.places)
        self._starter = Starter(launches, self._traces.furnish)
        self._clock = clock
        self._places = launches.places
        self._supervision = Supervision(launches.places, launches.base, self.hear)
        self._shipper = Shipper(
            send=lambda chunk: self._link.send([chunk]),
            room=lambda: self._link.room(),
            shipped=lambda key: self.hear(Shipped(keys=[key])),
            discard=self._traces.clear,
            clock=clock,
        )
        self._link: Link
        self._events: deque[Event | Acked] = deque()
        self._left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._held = asyncio.Event()  # the supervisor said what it holds
        self.linked = asyncio.Event()  # the server welcomed us, once at least
        self._timer: asyncio.TimerHandle | None = None
        self._parts = Parts(self._fail)

    async def run(self, link: Link, memory: Memory, *besides: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Take over what the memory holds, then serve, with whatever else is to run ``besides``.

        Raises PacelineError when going on makes no sense.
        """
        self._link = link
        self._shipper.recall(memory.acked)
        self._perform(self._worker.adopt(memory, self._clock.steady()))
        self._say()
        self._mend()
        try:
            await self._supervision.connect()
            await self._held.wait()
            for part in (link.run, self._shipper.run, self._watch_space, *besides):
                self._parts.start(part())
            await self._left
        finally:
            await self._close()

    def hear(self, *events: Event | Acked) -> None:
        """This happened. What it leads to is done before this returns, unless it is being done already."""
        busy = bool(self._events)
        self._events += events
        if busy:
            return
        try:
            while self._events:
                self._take(self._events[0])
                self._events.popleft()
            self._say()
            if self._outbox.journal.long:
                self._mend()
            self._link.pace(CALM if self._worker.supplied() else INTERVAL)
            self._arm()
        except Exception as error:  # noqa: BLE001 - recorded: ``run`` raises it, and the agent ends
            self._fail(error)

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, event: Event | Acked) -> None:
        match event:
            case Acked():
                self._shipper.kept(event)
                self._outbox.keep(event)
                return
            case Linked():
                self.linked.set()
                self._shipper.rewind()
            case Holds():
                self._starter.forget()
                if not self._held.is_set():
                    sweep(self._places, event.pid, self._worker.held())
                self._held.set()
            case Unwritable() | Unbegun():  # perhaps for want of a body
                self._starter.forget()
            case Drain():
                _LOG.info("the server sends work again" if event.resume else "the server sends no new work")
            case Orphaned() if not self._left.done():
                _LOG.warning("the supervisor is gone", hint="another one is started")
                self._parts.start(self._supervision.connect())
        self._perform(self._worker.receive(event, self._clock.steady()))

    def _arm(self) -> None:
        now = self._clock.steady()
        due = self._worker.wake_at(now)
        loop = asyncio.get_running_loop()
        moment = loop.time() + max(0.0, due - now)
        if self._timer is not None and self._timer.when() <= moment and not self._timer.cancelled():
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(moment, self._wake) if due < float("inf") else None

    def _wake(self) -> None:
        self._timer = None
        self.hear(Woken())

    # ── actions ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Draining):
                _LOG.info("work again" if action.resume else "draining", why=action.reason)
            if isinstance(action, Run):
                for key in action.frame.live if _LOG.detailed else ():
                    _LOG.debug("attempt started", attempt=key)
                started = self._starter.start(action.frame)
                if isinstance(started, Ended | Unwritable):
                    self._events.append(started)
                else:
                    self._outbox.down(started)
            elif isinstance(action, Order):
                self._outbox.down(action)
            elif isinstance(action, ToServer):
                self._outbox.up(action)
            else:
                self._here[type(action)](self, action)

    def _say(self) -> None:
        """Write down what is to be kept, and then tell the others what came of it all."""
        whole = not self._outbox.journal.torn
        down, up = self._outbox.release()
        if whole and self._outbox.journal.torn:
            asyncio.get_running_loop().call_soon(self.hear, Space(fault=self._outbox.journal.fault))
        if down:
            self._supervision.send(down)
        if up:
            self._link.send(up)

    def _mend(self) -> None:
        """Rewrite the journal; once that is done, the supervisor may forget what it kept for us."""
        self._supervision.send(self._outbox.mend([*self._worker.records(), *self._shipper.records()]))

    _here: Mapping[type[Any], Callable[["Loop", Any], None]] = {
        Keep: lambda self, action: self._outbox.keep(action.record),
        Follow: lambda self, action: self._shipper.follow(action.attempt, action.source),
        Flush: lambda self, action: self._shipper.flush(action.written),
        Forget: lambda self, action: self._shipper.forget(action.attempts),
        Relink: lambda self, action: self._link.relink(),
        Leave: lambda self, action: self._leave(),
    }

    # ── running and ending ──────────────────────────────────────────────────────────────────────────────────────────

    async def _watch_space(self) -> None:
        while True:
            if self._outbox.journal.torn:
                self._mend()
            fault = self._outbox.journal.fault
            self.hear(Space(fault=fault) if fault else look(self._places.directory, self._places.scratch.parent))
            await asyncio.sleep(SPACE_EVERY)

    def _leave(self) -> None:
        if not self._left.done():
            self._left.set_result(None)

    def _fail(self, error: BaseException) -> None:
        if not self._left.done():
            self._left.set_exception(error)

    async def _close(self) -> None:
        if not self._left.done():
            self._left.cancel()
        await self._link.close()
        self._supervision.close()
        await self._parts.end()
        if self._timer is not None:
            self._timer.cancel()
        self._shipper.close()
        self._outbox.journal.close()
