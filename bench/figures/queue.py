"""What a long queue costs: individual tasks per second with a million of them waiting, and with ten thousand.

Ten light workers end what they get at once, so that it is the server and its store which are measured.
"""

import pickle
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from bench.figure import Figure, Row, Sample, at_least
from bench.fleet import Fleet, server_only
from bench.light import Crew, crew
from bench.processes import Meter

LONG, SHORT = 1_000_000, 10_000
WORKERS = 10
TURNS = 3
"""Times in a round that as much as the short queue holds is worked off at either."""


@dataclass(slots=True, kw_only=True)
class Queue:
    """A server with a queue of its own, and what was worked off it."""

    fleet: Fleet
    crew: Crew
    tasks: int = 0
    seconds: float = 0.0
    cpu: float = 0.0  # seconds of server and store

    def work(self, tasks: int) -> None:
        with Meter(self.fleet.home) as spent:
            self.seconds += self.crew.work(tasks)
        self.tasks += tasks
        self.cpu += spent.serving()


def fill(fleet: Fleet, tasks: int) -> None:
    """So many individual tasks, each with arguments as a small call has them."""
    fleet.submit(tasks, [pickle.dumps(((number,), {}), 5) for number in range(tasks)])


@contextmanager
def queues() -> Iterator[tuple[Queue, Queue]]:
    """The long one and the short one."""
    with ExitStack() as stack:
        fleets = [stack.enter_context(server_only()) for _ in range(2)]
        crews = [stack.enter_context(crew(fleet.home, WORKERS)) for fleet in fleets]
        long, short = (Queue(fleet=fleet, crew=crew) for fleet, crew in zip(fleets, crews, strict=True))
        fill(long.fleet, LONG)
        yield long, short


def play(setting: tuple[Queue, Queue]) -> Sample:
    long, short = (replace(queue, tasks=0, seconds=0.0, cpu=0.0) for queue in setting)
    for _ in range(TURNS):
        long.work(SHORT)
        fill(short.fleet, SHORT)
        short.work(SHORT)
    return {
        "queue long": long.tasks / long.seconds,
        "queue short": short.tasks / short.seconds,
        "queue share": 100 * short.seconds / long.seconds,
        "queue cpu share": 100 * short.cpu / long.cpu,
    }


FIGURE = Figure(
    name="queue",
    setting=queues,
    play=play,
    rows=(
        Row(key="queue long", says=f"tasks ended with {LONG:,} queued, {WORKERS} light workers", unit="/s"),
        Row(key="queue short", says=f"the same with {SHORT:,} queued", unit="/s"),
        Row(key="queue share", says="rate at the long queue of that at the short one", unit="%", bars=at_least(80),
            yardstick="none"),
        Row(key="queue cpu share", says="the same by CPU of server and store per task", unit="%", yardstick="none"),
    ),
)  # fmt: skip
