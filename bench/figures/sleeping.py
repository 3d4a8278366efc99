"""How well eight workers are kept busy by tasks of 1–4 s that only sleep.

The order of the tasks is such that a fleet which loses no time is done after exactly as long as each worker has work,
so whatever is missing to 100 % was lost between tasks.
"""

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager

import paceline
from bench.figure import Figure, Row, Sample, at_least
from bench.fleet import Fleet, server_only

WORKERS = 8
LENGTHS = (1.0, 1.5, 2.5, 4.0)


def plan() -> list[float]:
    """Seconds of all tasks, by when each begins in a fleet that loses no time: each worker has every length once."""
    orders = itertools.islice(itertools.cycle(itertools.permutations(LENGTHS)), 0, 3 * WORKERS, 3)
    begun = [(sum(order[:place]), length) for order in orders for place, length in enumerate(order)]
    return [length for _, length in sorted(begun, key=lambda each: each[0])]


@contextmanager
def eight() -> Iterator[Fleet]:
    """A server and eight workers of one processor each."""
    with server_only() as fleet:
        fleet.add_workers(*(f"worker-{number}" for number in range(WORKERS)), cpus=1)
        with paceline.Executor(fleet.options) as executor:
            list(executor.map(time.sleep, [0.5] * WORKERS * 4))  # every worker has a warm process
        yield fleet


def play(fleet: Fleet) -> Sample:
    lengths = plan()
    with paceline.Executor(fleet.options) as executor:
        began = time.perf_counter()
        list(executor.map(time.sleep, lengths))
        took = time.perf_counter() - began
    return {"efficiency": 100 * sum(lengths) / WORKERS / took}


FIGURE = Figure(
    name="sleep",
    setting=eight,
    play=play,
    rows=(
        Row(key="efficiency", says=f"parallel efficiency, {WORKERS} workers, tasks of 1–4 s", unit="%",
            bars=at_least(97), yardstick="none"),
    ),
)  # fmt: skip
