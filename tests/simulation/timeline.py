"""Time, chance and memory of one simulated world: what happens next is drawn from a seed, and written down."""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random

START = 1_700_000_000.0
REMEMBERED = 300
"""Lines of the transcript that are kept: what happened last before it went wrong."""


class Timeline:
    """Calls to come, in order of their time."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.now = START
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._lines: deque[tuple[float, str, str, tuple[object, ...]]] = deque(maxlen=REMEMBERED)

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Let it happen so much later."""
        self._count += 1
        heappush(self._calls, (self.now + max(0.0, seconds), self._count, call))

    def soon(self, call: Callable[[], None], most: float = 0.05) -> None:
        """Let it happen within so many seconds."""
        self.after(self.chance.uniform(0.0, most), call)

    def run(self, until: float, done: Callable[[], bool] = lambda: False) -> None:
        """Make everything happen that comes before ``until``, or until ``done``."""
        while self._calls and self._calls[0][0] <= until and not done():
            self.now, _, call = heappop(self._calls)
            call()

    def happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def note(self, who: str, what: str, *things: object) -> None:
        """A line of the transcript, put into words only if somebody will read it."""
        self._lines.append((self.now, who, what, things))

    def transcript(self) -> str:
        return "\n".join(
            f"{at - START:9.3f}  {who:<8} {what} {' '.join(map(str, things))}" for at, who, what, things in self._lines
        )
