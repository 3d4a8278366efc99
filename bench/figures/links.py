"""What many workers cost: tasks per second by a thousand links and by ten.

Light workers end what they get at once, so that it is the server and its store which are measured; they run in one
process, which is the same for both. The time runs from before the array is submitted until its last end is settled.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.figure import Figure, Row, Sample, at_least
from bench.fleet import Fleet, server_only
from bench.light import Crew, crew
from bench.processes import Meter

MANY, FEW = 1000, 10
TASKS = 100_000

Linked = tuple[Fleet, Crew]


@contextmanager
def linked() -> Iterator[tuple[Linked, Linked]]:
    """A server with many workers and one with few."""
    with ExitStack() as stack:
        fleets = [stack.enter_context(server_only()) for _ in range(2)]
        many, few = (stack.enter_context(crew(fleets[each].home, count)) for each, count in enumerate((MANY, FEW)))
        yield (fleets[0], many), (fleets[1], few)


def play(setting: tuple[Linked, Linked]) -> Sample:
    (many, many_cpu), (few, few_cpu) = (_rate(*each) for each in setting)
    return {
        "links many": many,
        "links few": few,
        "links share": 100 * many / few,
        "links cpu share": 100 * few_cpu / many_cpu,
    }


def _rate(fleet: Fleet, workers: Crew) -> tuple[float, float]:
    """Tasks per second, and µs of CPU of server and store per task."""
    with Meter(fleet.home) as spent:
        began = time.perf_counter()
        workers.give(TASKS)
        fleet.submit(TASKS)
        workers.done()
        took = time.perf_counter() - began
    return TASKS / took, spent.serving() / TASKS * 1e6


FIGURE = Figure(
    name="links",
    setting=linked,
    play=play,
    rows=(
        Row(key="links many", says=f"tasks of an array ended by {MANY:,} light workers", unit="/s"),
        Row(key="links few", says=f"the same by {FEW}", unit="/s"),
        Row(key="links share", says="rate with many workers of that with few", unit="%", bars=at_least(70),
            yardstick="none"),
        Row(key="links cpu share", says="the same by CPU of server and store per task", unit="%", yardstick="none"),
    ),
)  # fmt: skip
