"""What this process takes of its machine."""

import psutil

from paceline.clock import SystemClock


class Usage:
    """Processor time and memory of this process, children of its own included in neither."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._clock = SystemClock()
        self._since = (self._clock.steady(), self._spent())

    def values(self) -> dict[str, float]:
        """For a report. ``cpu_percent`` since the last call: 100 is one processor."""
        now, spent = self._clock.steady(), self._spent()
        since, before = self._since
        self._since = (now, spent)
        return {
            "cpu_percent": round(100 * (spent - before) / max(now - since, 1e-9), 1),
            "rss_bytes": self._process.memory_info().rss,
        }

    def _spent(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
