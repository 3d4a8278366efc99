"""Durable no-op functions by ``map``: 100,000 individual tasks, from submit to the result in the client's hands.

The same rounds tell who spent the processor on it, in µs per task: every process of the fleet and the client.
"""

import time

import paceline
from bench.figure import Figure, Row, Sample, at_least, at_most, split_rows
from bench.fleet import Fleet, ordinary
from bench.processes import PARTS, Meter

TASKS = 100_000


def noop(value: int) -> int:
    """The function that is called."""
    return value


def play(fleet: Fleet) -> Sample:
    with paceline.Executor(fleet.options) as executor, Meter(fleet.home) as spent:
        began = time.perf_counter()
        assert sum(executor.map(noop, range(TASKS))) == TASKS * (TASKS - 1) // 2
        took = time.perf_counter() - began
    split = spent.split(TASKS)
    return {
        "map": TASKS / took,
        "cpu server": split["server"],
        "cpu server and store": spent.serving() / TASKS * 1e6,
        "cpu all": sum(split.values()),
        **{f"split map {part}": value for part, value in split.items()},
    }


FIGURE = Figure(
    name="map",
    setting=ordinary,
    play=play,
    rows=(
        Row(key="map", says=f"no-op functions, map of {TASKS:,}", unit="/s", bars=at_least(30_000)),
        Row(key="cpu server", says="server CPU per task of it, without its store", unit="µs", bars=at_most(25)),
        Row(key="cpu server and store", says="server CPU per task of it, store processes included", unit="µs",
            bars=at_most(25)),
        Row(key="cpu all", says="CPU per task of it, all processes and the client", unit="µs"),
        *split_rows("map", PARTS),
    ),
)  # fmt: skip
