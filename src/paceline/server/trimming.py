"""Memory that a burst of work took goes back to the system once the burst is over.

Calls that ended hold on to their last messages in cycles, which the rare collections of a busy server leave for later;
and what the C library frees in the middle of its heap it keeps for itself until it is asked to give it up.
"""

import asyncio
import ctypes
import gc
import os

LOOK = 5.0
"""Seconds between two looks."""
BUSY, IDLE = 0.06, 0.04
"""Shares of a processor above which there is a burst, and below which it is over."""


async def trim_after_bursts() -> None:
    """For as long as the server runs. Only some C libraries can be asked (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda pad: None)
    burst, before = False, _seconds()
    while True:
        await asyncio.sleep(LOOK)
        now = _seconds()
        share, before = (now - before) / LOOK, now
        burst = burst or share > BUSY
        if burst and share < IDLE:
            gc.collect()
            trim(0)
            burst = False


def _seconds() -> float:
    """Of processor time that this process has used."""
    used = os.times()
    return used.user + used.system
