"""Figures that cost the same however many values they are of."""

import math

_STEP = math.log(1.01)
_LEAST = 1e-6


class Histogram:
    """Values from a millionth on, to one per cent; the largest exactly."""

    __slots__ = ("_buckets", "count", "largest", "total")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.largest = 0.0
        self.total = 0.0

    def add(self, value: float, times: int = 1) -> None:
        """So many values of this size."""
        bucket = int(math.log(value / _LEAST) / _STEP) + 1 if value > _LEAST else 0
        self._buckets[bucket] = self._buckets.get(bucket, 0) + times
        self.count += times
        self.total += value * times
        self.largest = max(self.largest, value)

    def mean(self) -> float:
        """0 where there is none."""
        return self.total / self.count if self.count else 0.0

    def quantile(self, share: float) -> float:
        """The value that this share of them does not exceed; 0 where there is none."""
        left = share * self.count
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return min(self.largest, _LEAST * math.exp(_STEP * (bucket - 0.5))) if bucket else 0.0
        return self.largest


class Series:
    """Rows over time, thinned out so that a plot's worth of them is kept, however long it takes.

    Every row stands for all that followed until the next one.
    """

    __slots__ = ("_next", "every", "most", "rows")

    def __init__(self, *, every: float = 1e-3, most: int = 1000) -> None:
        self.every = every  # seconds between two rows, at least
        self.most = most
        self.rows: list[tuple[float, ...]] = []  # the time comes first
        self._next = 0.0

    def due(self, at: float) -> bool:
        """Whether a row is wanted by now."""
        return at >= self._next

    def add(self, at: float, *values: float) -> None:
        """What is so at this time."""
        self.rows.append((at, *values))
        self._next = at + self.every
        if len(self.rows) >= self.most:
            self.rows = self.rows[::2]
            self.every = max(2 * self.every, (self.rows[-1][0] - self.rows[0][0]) / self.most)
