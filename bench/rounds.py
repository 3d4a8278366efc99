"""Rounds: figures of one setting are measured in turn, each right after what the bare machine does at that moment."""

import itertools
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from bench import quiet, yardsticks
from bench.figure import Figure, Sample
from bench.figures import ROWS
from bench.result import Measured, Result

Taken = Iterator[tuple[Figure[Any], Sample, Sample]]
"""Figure, what it measured in a round, and the yardsticks of that round."""


def take(figures: Iterable[Figure[Any]], rounds: int) -> dict[str, Result]:
    """Row key → result. The first round warms everything and does not count, except where it is the only one."""
    measured: dict[str, list[Measured]] = defaultdict(list)
    for _, group in itertools.groupby(figures, key=lambda figure: figure.setting):
        for figure, values, yards in _play(list(group), rounds):
            for row in figure.rows:
                measured[row.key].append(Measured(value=values[row.key], yard=yards.get(row.yardstick, 0.0)))
            for bare in yardsticks.ROWS:
                measured[bare.key].append(Measured(value=yards[bare.key], yard=0.0))
    return {row.key: Result.of(row, measured[row.key]) for row in ROWS if row.key in measured}


def _play(figures: list[Figure[Any]], rounds: int) -> Taken:
    with figures[0].setting() as setting:
        for number in range(rounds + 1):
            for figure in figures:
                if figure.once and number:
                    continue
                quiet.wait()
                yards = yardsticks.measure()
                values = figure.play(setting)
                _say(figure, number, values)
                if number or figure.once:
                    yield figure, values, yards


def _say(figure: Figure[Any], number: int, values: Sample) -> None:
    first = figure.rows[0]
    print(f"{figure.name}, round {number}: {values[first.key]:,.4g} {first.unit}", file=sys.stderr, flush=True)
