"""A process: an event loop of its own on the one timeline, with a clock that may tick a little wrong.

The product's asyncio code runs on it unchanged. What it asked for happens while it lives; later, if it is stopped
(SIGSTOP, a swapping host); and never once it is dead (SIGKILL): a dead process says nothing and keeps nothing.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, cast

from tests.simulation.timeline import START, Timeline

TICK = 1e-9
"""Seconds by which every alarm is late, or rounding could make it early."""


class Alarm:
    """Something a process asked to be called for; as much of an asyncio handle as anybody uses."""

    __slots__ = ("_at", "_call", "_process")

    def __init__(self, process: "Process", at: float, call: Callable[[], object]) -> None:
        self._process = process
        self._at = at
        self._call: Callable[[], object] | None = call

    def cancel(self) -> None:
        self._call = None

    def cancelled(self) -> bool:
        return self._call is None

    def when(self) -> float:
        return self._at

    def ring(self) -> None:
        """Its time has come, if its process is there to hear it."""
        call, process = self._call, self._process
        if call is None or not process.alive:
            return
        if process.stopped:
            process.missed.append(self)
            return
        process.enter(call)


class Process:
    """See the module: as much of an asyncio loop as anybody uses. ``rate``: seconds of its clock per second."""

    def __init__(self, timeline: Timeline, name: str, rate: float = 1.0) -> None:
        self.name = name
        self.alive = True
        self.stopped = False
        self.missed: list[Alarm] = []
        self._calls: list[Coroutine[Any, Any, Any]] = []
        self._loop = cast(asyncio.AbstractEventLoop, self)
        self._timeline = timeline
        self._rate = rate

    def enter(self, call: Callable[..., object], *args: object) -> None:
        """Call it as a part of this process."""
        outer = asyncio._get_running_loop()
        asyncio._set_running_loop(self._loop)
        try:
            call(*args)
        finally:
            asyncio._set_running_loop(outer)

    def hears(self, call: Callable[..., object], *args: object) -> None:
        """Something comes in for it: it acts on that at once, unless it is stopped, or dead."""
        if self.stopped:
            self.call_soon(call, *args)
        elif self.alive:
            self.enter(call, *args)

    # ── what is done to it ──────────────────────────────────────────────────────────────────────────────────────────

    def kill(self) -> None:
        """Whatever it was about to do is not done."""
        self.alive = False
        for call in self._calls:
            with suppress(ValueError):  # the one that is running ends as soon as it waits
                call.close()

    def stop(self, seconds: float) -> None:
        """Nothing of it happens for a while; then all that was due, at once."""
        if self.alive and not self.stopped:
            self.stopped = True
            self._timeline.after(seconds, self._go_on)

    def _go_on(self) -> None:
        self.stopped = False
        missed, self.missed = self.missed, []
        for alarm in missed:
            self._timeline.after(0.0, alarm.ring)

    # ── asyncio ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def time(self) -> float:
        return self._timeline.now * self._rate

    def call_soon(self, call: Callable[..., object], *args: object, context: Context | None = None) -> Alarm:
        return self._call(0.0, call, args)

    def call_later(self, delay: float, call: Callable[..., object], *args: object) -> Alarm:
        return self._call(delay, call, args)

    def call_at(self, when: float, call: Callable[..., object], *args: object) -> Alarm:
        return self._call(when - self.time(), call, args)

    def _call(self, delay: float, call: Callable[..., object], args: tuple[object, ...]) -> Alarm:
        alarm = Alarm(self, self.time() + delay, (lambda: call(*args)) if args else call)
        self._timeline.after(delay / self._rate + TICK if delay > 0.0 else 0.0, alarm.ring)
        return alarm

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self._loop)

    def create_task(self, call: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self._calls.append(call)
        return asyncio.Task(call, loop=self._loop)

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tasks of a dead process are never finished; whoever waits for a live one's looks at its error."""


class HostClock:
    """The clock of one process: ``paceline.clock.Clock``. ``skew``: by how much the host's date was wrong at start."""

    def __init__(self, process: Process, *, skew: float = 0.0, not_before: float = 0.0) -> None:
        self._process = process
        self._base = max(START + process.time() + skew, not_before) - process.time()

    def now(self) -> float:
        return self._base + self._process.time()

    def steady(self) -> float:
        return self._process.time()
