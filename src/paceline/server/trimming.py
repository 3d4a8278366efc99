"""Memory that a burst of work took goes back to the system once the burst is over.

Calls that ended hold on to their last messages in cycles, which the rare collections of a busy server leave for later;
and what the C library frees in the middle of its heap it keeps for itself until it is asked to give it up.
"""

import asyncio
import ctypes
import gc
import os

LOOK = 2.0
"""Seconds between two looks."""
BUSY, IDLE = 0.06, 0.04
"""Shares of a processor from which on there is a burst, and below which it is over."""
FALL = 4
"""To what part of its busiest look a burst falls when it is over: ten thousand workers' beats alone are above IDLE."""


async def trim_after_bursts() -> None:
    """For as long as the server runs. Only some C libraries can be asked (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda pad: None)
    bursts, before = Bursts(), _seconds()
    while True:
        await asyncio.sleep(LOOK)
        now = _seconds()
        if bursts.over((now - before) / LOOK):
            gc.collect()
            trim(0)
        before = _seconds()


class Bursts:
    """Tells their end by what share of a processor is used from one look to the next."""

    def __init__(self) -> None:
        self._busiest = BUSY  # a start is one

    def over(self, share: float) -> bool:
        """Whether a burst has come to its end since the last look."""
        self._busiest = max(self._busiest, share)
        over = self._busiest >= BUSY and share < max(IDLE, self._busiest / FALL)
        if over:
            self._busiest = 0.0
        return over


def _seconds() -> float:
    """Of processor time that this process has used."""
    used = os.times()
    return used.user + used.system
