"""Counting what happens too often to tell of each: a histogram, and values by label that do not pile up.

Who counts pays a look-up or two. What a scraper wants to read is made when it asks (``wire/exposition.py``).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

BRIEF = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
"""Seconds that a machine's own steps take."""
LONG = (0.001, 0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 3600.0, 14400.0, 86400.0)
"""Seconds that work may take: a call, a training."""


class Histogram:
    """How many values were no larger than each of the bounds; ``total`` is their sum."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float] = LONG) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, values: Iterable[float]) -> None:
        """Some more."""
        bounds, counts = self._bounds, self._counts
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            self.total += value

    @property
    def count(self) -> int:
        return sum(self._counts)

    def buckets(self) -> list[tuple[str, float]]:
        """``(upper bound, values no larger)``, as Prometheus writes them."""
        bounds = [*map(str, self._bounds), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self._counts)), strict=True))


class Fading(Generic[K, V]):
    """Values by key: at most ``most`` of them, each until ``seconds`` after it was last touched.

    When there are too many, the one that was touched the longest time ago goes. Time is steady and given.
    """

    __slots__ = ("_made", "_most", "_seconds", "_values")

    def __init__(self, make: Callable[[], V], *, most: int, seconds: float) -> None:
        self._made = make
        self._most = most
        self._seconds = seconds
        self._values: dict[K, tuple[V, float]] = {}  # with when it goes; in the order in which they were touched

    def touch(self, key: K, now: float) -> V:
        """The value of this key, made if there is none. It stays for a while from now on."""
        return self._place(key, now + self._seconds)

    def hold(self, key: K, value: V) -> None:
        """This is the key's value now, until it is touched."""
        self._values[key] = (value, 0.0)
        self._place(key, float("inf"))

    def items(self, now: float) -> list[tuple[K, V]]:
        """What has not gone."""
        self._values = {key: found for key, found in self._values.items() if found[1] > now}
        return [(key, value) for key, (value, _) in self._values.items()]

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def _place(self, key: K, until: float) -> V:
        found = self._values.pop(key, None)
        value = found[0] if found else self._made()
        self._values[key] = (value, until)
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]
        return value
