"""Warm processes that have nothing to do, kept for the next call, but not too many and not for ever."""

import functools
import os

from paceline.executors.loop import Alarm, Loop
from paceline.executors.warm import Pool, Warm

KEEP = 2 * (os.cpu_count() or 1)
"""Processes, of all pools together."""
PATIENCE = 300.0
"""Seconds that one may have nothing to do."""


class Idle:
    """Oldest first."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._alarms: dict[Warm, Alarm] = {}

    def add(self, warm: Warm) -> None:
        """It has nothing to do any more."""
        self._alarms[warm] = self._loop.after(PATIENCE, functools.partial(self._retire, warm))
        if len(self._alarms) > KEEP:
            self._retire(next(iter(self._alarms)))

    def take(self, pool: Pool) -> Warm | None:
        """One of this pool; the one that worked last, whose memory is warmest."""
        for warm in reversed(self._alarms):
            if warm.pool == pool:
                self.remove(warm)
                return warm
        return None

    def remove(self, warm: Warm) -> None:
        """It is taken, or gone. Does no harm if it was not here."""
        if warm in self._alarms:
            self._alarms.pop(warm).cancel()

    def retire(self) -> None:
        """All of them."""
        for warm in list(self._alarms):
            self._retire(warm)

    def _retire(self, warm: Warm) -> None:
        self.remove(warm)
        warm.dismiss()
