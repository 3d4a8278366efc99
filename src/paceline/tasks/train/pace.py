"""How far and how fast a training goes."""

from paceline.clock import SystemClock
from paceline.tasks.train.usage import Usage


class Pace:
    """``total`` steps of something (trees, rounds, epochs), each of which looks at ``rows`` rows.

    Those that an earlier attempt did count as done, not as fast.
    """

    def __init__(self, *, total: int, rows: int, done: int = 0) -> None:
        self.done = done
        self.total = total
        self.per_second = 1.0
        self._began_at = done
        self._rows = rows
        self._usage = Usage()
        self._clock = SystemClock()
        self._started = self._last = self._clock.steady()

    def begin(self) -> None:
        """What is measured starts now; else where it was last measured."""
        self._last = self._clock.steady()

    def advance(self, steps: int = 1) -> None:
        """So many more are done."""
        now = self._clock.steady()
        self.done += steps
        self.per_second = steps / max(now - self._last, 1e-9)
        self._last = now

    def values(self) -> dict[str, float]:
        """For a report, after the first ``advance``. A sample is one row looked at in one step."""
        each = (self._clock.steady() - self._started) / (self.done - self._began_at)
        return {
            "progress": self.done / self.total,
            "eta": round(each * (self.total - self.done), 3),
            "samples_per_second": round(self.per_second * self._rows, 1),
            **self._usage.values(),
        }
