"""The network: routes that can be cut, either way or both, and streams over them.

A stream keeps its order, as TCP does. What it does not keep is its end: of what is on the way when it breaks, a part
may still arrive, long after the next connection stands.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

from paceline.model.ids import WorkerId
from tests.simulation.faults import Fault, Weather
from tests.simulation.timeline import Timeline
from tests.simulation.wire import TWICE, Down, Up

W = TypeVar("W")

USUAL = 0.01
"""Seconds that a word takes at most, usually."""


class Way(Enum):
    UP = "to the server"
    DOWN = "to the worker"


PARTITIONS = {
    Fault.PARTITION: frozenset(Way),
    Fault.PARTITION_UP: frozenset((Way.UP,)),
    Fault.PARTITION_DOWN: frozenset((Way.DOWN,)),
}


class Route:
    """Between one host and the servers. ``loopback``: they are on the same host."""

    def __init__(self, timeline: Timeline, weather: Weather, name: str, *, loopback: bool) -> None:
        self.timeline = timeline
        self.weather = weather
        self.loopback = loopback
        self._name = name
        self._shut: frozenset[Way] = frozenset()
        self._parked: list[Callable[[], None]] = []

    def open(self) -> bool:
        """Both ways: what a handshake needs."""
        return not self._shut

    def is_shut(self, way: Way) -> bool:
        return way in self._shut

    def park(self, call: Callable[[], None]) -> None:
        """To be called when the route is healed."""
        self._parked.append(call)

    def cut(self, fault: Fault, seconds: float) -> None:
        """Nothing gets through for a while; what is sent waits, and so does what is on the way."""
        self.weather.count(fault)
        self.timeline.note(self._name, f"{fault}, for {seconds:.0f} s")
        self._shut = PARTITIONS[fault]
        self.timeline.after(seconds, self.heal)

    def heal(self) -> None:
        self._shut = frozenset()
        parked, self._parked = self._parked, []
        for call in parked:
            self.timeline.soon(call)


class Pipe(Generic[W]):
    """One direction of a stream. ``deliver`` is called with every word that arrives."""

    def __init__(self, route: Route, way: Way) -> None:
        self.deliver: Callable[[W], None] = _unheard
        self._route = route
        self._way = way
        self._words: deque[W] = deque()
        self._last = 0.0
        self._held_until = 0.0
        self._open = True

    def send(self, word: W) -> None:
        """To arrive some time, after all that was sent before."""
        if not self._open:
            return
        timeline = self._route.timeline
        late = self._route.weather.strikes(Fault.DELAY, 0.004)
        self._last = max(self._last, timeline.now + timeline.chance.random() * (8.0 if late else USUAL))
        self._words.append(word)
        timeline.after(self._last - timeline.now, self._arrive)

    def _arrive(self) -> None:
        timeline = self._route.timeline
        if self._route.is_shut(self._way):
            self._route.park(self._arrive)
        elif timeline.now < self._held_until:
            timeline.after(self._held_until - timeline.now, self._arrive)
        elif self._words:
            word = self._words.popleft()
            self.deliver(word)
            if isinstance(word, TWICE) and self._route.weather.strikes(Fault.DUPLICATE, 0.01):
                self.deliver(word)

    def break_off(self, left: int) -> None:
        """Nothing follows, and of what is on the way so many words arrive, some time."""
        self._open = False
        self._held_until = self._route.timeline.now + self._route.timeline.chance.choice([0.0, 0.5, 2.0])
        while len(self._words) > left:
            self._words.pop()
            self._route.weather.count(Fault.DROP)

    def __len__(self) -> int:
        """Words on the way."""
        return len(self._words)


class Connection:
    """A worker's stream to a server. ``broke``: the worker notices its end; ``lost``: the server does."""

    def __init__(self, route: Route, worker: WorkerId) -> None:
        self.worker = worker
        self.alive = True
        self.up: Pipe[Up] = Pipe(route, Way.UP)
        self.down: Pipe[Down] = Pipe(route, Way.DOWN)
        self.broke: Callable[[], None] = _unnoticed
        self.lost: Callable[[], None] = _unnoticed
        self._route = route

    def cut(self) -> None:
        """It breaks. Both sides notice by and by, the server only after what still arrives."""
        if self.alive:
            timeline = self._route.timeline
            self.alive = False
            self.down.break_off(0)
            self.up.break_off(timeline.chance.randint(0, len(self.up)))
            timeline.soon(lambda: self.broke(), 2.0)
            timeline.after(timeline.chance.choice([0.02, 0.02, 5.0]), self._end)

    def hang_up(self) -> None:
        """The worker ends it, after all that it said."""
        if self.alive:
            self.alive = False
            self.down.break_off(0)
            self.up.break_off(len(self.up))
            self._end()

    def _end(self) -> None:
        if len(self.up) and self._route.open():
            self._route.timeline.after(1.0, self._end)
        else:
            self.up.break_off(0)
            self.lost()

    def probe(self) -> None:
        """The route was cut. Each side asks now and then whether the other is there, and nobody answers."""
        self._route.timeline.after(self._route.timeline.chance.uniform(10.0, 40.0), self._give_up)

    def _give_up(self) -> None:
        if not self._route.open():
            self.cut()


def _unheard(word: object) -> None:
    """Nobody is at that end."""


def _unnoticed() -> None:
    """Nobody is there to notice."""
