"""Time, chance and memory of one simulated world: what happens next is drawn from a seed, and written down."""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random

START = 1_700_000_000.0
"""When the story begins, in seconds since 1970; the timeline itself counts from 0."""
REMEMBERED = 400
"""Lines of the transcript that are kept: what happened last before it went wrong."""
RESTLESS = 60_000
"""Calls after which a story that is still not over never will be."""


class Timeline:
    """Calls to come, in order of their time. ``now``: seconds since the beginning, by nobody's clock."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.now = 0.0
        self.calls = 0
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._lines: deque[tuple[float, str, str, tuple[object, ...]]] = deque(maxlen=REMEMBERED)

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Let it happen so much later; of what happens at one time, the first asked for is the first."""
        self.calls += 1
        heappush(self._calls, (self.now + seconds if seconds > 0.0 else self.now, self.calls, call))

    def soon(self, call: Callable[[], None], most: float = 0.05) -> None:
        """Let it happen within so many seconds."""
        self.after(self.chance.random() * most, call)

    def run(self, until: float) -> None:
        """Make everything happen that comes before."""
        calls = self._calls
        while calls and calls[0][0] <= until:
            self.now, _, call = heappop(calls)
            call()
        assert self.calls < RESTLESS, "it does not come to rest"
        self.now = until

    def happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def note(self, who: str, what: str, *things: object) -> None:
        """A line of the transcript, put into words only if somebody will read it."""
        self._lines.append((self.now, who, what, things))

    def transcript(self) -> str:
        """The last of what was noted, a line each."""
        return "\n".join(
            f"{at:9.3f}  {who:<10} {what} {' '.join(map(str, things))}" for at, who, what, things in self._lines
        )
