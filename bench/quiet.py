"""Waiting for a moment in which others leave the machine alone, where there is such a moment."""

import time

import psutil

IDLE = 0.85
"""Share of all processors that makes a quiet machine."""
LOOK = 0.25
"""Seconds of one look."""
PATIENCE = 5.0
"""Seconds after which it is measured all the same; the spread tells."""

TAKEN = 0.05
"""Share of all processors that the host may give to others during a measurement that counts."""


def wait() -> None:
    """Return when the machine is quiet, or when patience is at its end."""
    until = time.perf_counter() + PATIENCE
    while psutil.cpu_times_percent(LOOK).idle < 100 * IDLE and time.perf_counter() < until:
        pass


class Host:
    """What the host of this machine does with the processors from now on."""

    def __init__(self) -> None:
        self._began = psutil.cpu_times()

    def taken(self) -> float:
        """Share of their time that it gave to others."""
        now = psutil.cpu_times()
        return float((now.steal - self._began.steal) / (sum(now) - sum(self._began)))
