"""Memory that a burst of work took goes back to the system once the burst is over.

What the C library frees in the middle of its heap it keeps for itself until it is asked to give it up.
"""

import asyncio
import ctypes
import os

LOOK = 5.0
"""Seconds between two looks."""
BUSY, IDLE = 0.06, 0.04
"""Shares of a processor above which there is a burst, and below which it is over."""


async def trim_after_bursts() -> None:
    """For as long as the server runs. Without a C library that can (glibc), there is nothing to do."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    burst, before = False, _seconds()
    while trim is not None:
        await asyncio.sleep(LOOK)
        now = _seconds()
        share, before = (now - before) / LOOK, now
        burst = burst or share > BUSY
        if burst and share < IDLE:
            trim(0)
            burst = False


def _seconds() -> float:
    """Of processor time that this process has used."""
    used = os.times()
    return used.user + used.system
