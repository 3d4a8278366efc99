"""From submit to result when nothing else goes on: one call at a time, each durable before it is told."""

import time

import paceline
from bench.figure import Figure, Row, Sample, at_most
from bench.figures.mapped import noop
from bench.fleet import Fleet, ordinary

CALLS = 500
WARMING = 20


def play(fleet: Fleet) -> Sample:
    with paceline.Executor(fleet.options) as executor:
        found = sorted([_one(executor, value) for value in range(CALLS + WARMING)][WARMING:])
    return {"p50": found[CALLS // 2], "p99": found[CALLS * 99 // 100]}


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
    ),
)
