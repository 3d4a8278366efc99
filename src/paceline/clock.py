"""Port: what time it is.

``now`` is seconds since 1970 for keeping and showing: it never runs backwards, whatever is done to the host's clock.
``steady`` is for durations on one machine: leases, timeouts, coalescing.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """Where time comes from. Tests and the simulation bring their own (``paceline.testing.FakeClock``)."""

    def now(self) -> float:
        """Seconds since 1970, never decreasing."""
        ...

    def steady(self) -> float:
        """Seconds since some fixed moment of this machine."""
        ...


class SystemClock:
    """The host's clock, read once; the steady clock carries it from there, so a jump of the host's never shows."""

    def __init__(self, *, not_before: float = 0.0) -> None:
        self._base = max(time.time(), not_before) - time.monotonic()  # noqa: TID251 - the one place

    def now(self) -> float:
        return self._base + time.monotonic()  # noqa: TID251

    def steady(self) -> float:
        return time.monotonic()  # noqa: TID251
