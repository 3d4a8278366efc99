"""What this process takes of its machine."""

import psutil

from paceline.clock import Clock, SystemClock

EVERY = 1.0
"""Seconds between two looks: processor time is counted in hundredths, and each look costs a tenth of a millisecond."""


class Usage:
    """Processor time and memory of this process alone."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._process = psutil.Process()
        self._clock = clock or SystemClock()
        self._looked = self._clock.steady()
        self._spent = self._processor_time()
        self._values: dict[str, float] = {}

    def values(self) -> dict[str, float]:
        """For a report. ``cpu_percent`` between the last two looks: 100 is one processor."""
        passed = self._clock.steady() - self._looked
        if not self._values or passed >= EVERY:
            spent = self._processor_time()
            percent = round(100 * (spent - self._spent) / max(passed, 1e-9), 1)
            self._values = {"cpu_percent": percent, "rss_bytes": self._process.memory_info().rss}
            self._looked, self._spent = self._clock.steady(), spent
        return self._values

    def _processor_time(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
