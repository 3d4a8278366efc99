"""From submit to result when nothing else goes on: one call at a time, each durable before it is told."""

import time

import paceline
from bench.figure import Figure, Row, Sample, at_most, split_rows
from bench.figures.mapped import noop
from bench.fleet import Fleet, ordinary
from bench.processes import PARTS, Meter

CALLS = 500
WARMING = 20


def play(fleet: Fleet) -> Sample:
    with paceline.Executor(fleet.options) as executor:
        for value in range(WARMING):
            _one(executor, value)
        with Meter(fleet.home) as spent:
            found = sorted(_one(executor, value) for value in range(CALLS))
    split = spent.split(CALLS)
    return {
        "p50": found[CALLS // 2],
        "p99": found[CALLS * 99 // 100],
        "lone cpu": sum(split.values()),
        **{f"split lone {part}": value for part, value in split.items()},
    }


def _one(executor: paceline.Executor, value: int) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    assert executor.submit(noop, value).result() == value
    return (time.perf_counter() - began) * 1e3


FIGURE = Figure(
    name="latency",
    setting=ordinary,
    play=play,
    rows=(
        Row(key="p50", says="submit → result at low load, p50", unit="ms", bars=at_most(3)),
        Row(key="p99", says="submit → result at low load, p99", unit="ms", bars=at_most(10)),
        Row(key="lone cpu", says="CPU per lone call, all processes and the client", unit="µs"),
        *split_rows("lone", PARTS),
    ),
)
