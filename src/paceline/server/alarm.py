"""One moment at which something is to be done, if it does not become another one."""

import asyncio
from collections.abc import Callable

from paceline.clock import Clock

NEVER = float("inf")


class Alarm:
    """Calls ``ring`` in the event loop."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._at = NEVER
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at: float) -> None:
        """By the clock's ``now``; infinity: never. What was set before is forgotten."""
        if at == self._at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._at = at
        if at < NEVER:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, at - self._clock.now()), self._rung)

    def _rung(self) -> None:
        self._at = NEVER
        self._ring()
