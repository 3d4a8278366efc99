"""Paceline's own figures, in rounds taken in turn, each beside what the bare machine does at that moment.

python -m bench                     everything, about twelve minutes
python -m bench map latency         some of it
"""

import argparse
import statistics
import sys
from collections import defaultdict
from itertools import groupby
from typing import Any

from bench import yardsticks
from bench.figure import Figure
from bench.figures import FIGURES

Samples = dict[str, list[float]]


def main() -> None:
    options = _options()
    chosen = [figure for figure in FIGURES if not options.figures or figure.name in options.figures]
    samples: Samples = defaultdict(list)
    for _, group in groupby(chosen, key=lambda figure: figure.setting):
        take(list(group), options.rounds, samples)
    for figure in chosen:
        for row in figure.rows:
            values = samples[row.key]
            median = statistics.median(values)
            bar = "".join(f"{bar.sign} {bar.value:,g} {'met' if bar.met(median) else 'NOT met'}" for bar in row.bars)
            print(f"{row.says:60} {median:12,.2f} {row.unit:3} {min(values):12,.2f} – {max(values):12,.2f}  {bar}")


def take(figures: list[Figure[Any]], rounds: int, samples: Samples) -> None:
    """Figures of one setting, round by round; the first, uncounted one warms everything."""
    with figures[0].setting() as setting:
        for number in range(rounds + 1):
            for figure in figures:
                measured = {**yardsticks.measure(), **figure.play(setting)}
                print(f"round {number}", figure.name, {k: round(v, 1) for k, v in measured.items()}, file=sys.stderr)
                if number:
                    for key, value in measured.items():
                        samples[key].append(value)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", nargs="*", choices=[*(figure.name for figure in FIGURES), []])
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds of each figure (default 5)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
