"""Durable no-op functions, one ``submit`` each, all in flight together: as the peers are used."""

import time

import paceline
from bench.figure import Figure, Row, Sample, at_least
from bench.figures.mapped import noop
from bench.fleet import Fleet, ordinary

TASKS = 30_000


def play(fleet: Fleet) -> Sample:
    with paceline.Executor(fleet.options) as executor:
        began = time.perf_counter()
        futures = [executor.submit(noop, value) for value in range(TASKS)]
        assert sum(future.result() for future in futures) == TASKS * (TASKS - 1) // 2
        return {"submit": TASKS / (time.perf_counter() - began)}


FIGURE = Figure(
    name="submit",
    setting=ordinary,
    play=play,
    rows=(Row(key="submit", says=f"no-op functions, {TASKS:,} single submits", unit="/s", bars=at_least(10_000)),),
)
