"""Paceline's own figures, in rounds taken in turn, each beside what the bare machine does at that moment.

    python -m bench                     everything, about ten minutes
    python -m bench map latency         some of it

The table goes to stdout and, with every value, to bench/results/latest.json, where figures that were not measured now
stay as they were. "To baseline" compares with bench/results/baseline.json, in steps of the bare machine and not in
seconds: × 1.10 is ten per cent better. Make that file anew by copying the other over it.
"""

import argparse
import signal

from bench import yardsticks
from bench.figures import FIGURES, ROWS
from bench.result import BASELINE, LATEST, Run, load, machine
from bench.rounds import take
from bench.table import lines


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what runs is stopped
    chosen = [figure for figure in FIGURES if not options.figures or figure.name in options.figures]
    rows = take(chosen, options.rounds)
    here = machine()
    print(
        f"{here['processors']}, {here['system']}, Python {here['python']}; bare spawn loop in {yardsticks.language()}"
    )
    print(*lines(rows, load(BASELINE).rows), sep="\n")
    known = dict(load(LATEST).rows) | rows
    Run(machine=here, rows={row.key: known[row.key] for row in ROWS if row.key in known}).save(LATEST)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [figure.name for figure in FIGURES]
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"of {', '.join(names)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds of each figure (default 5)")
    options = parser.parse_args()
    if unknown := set(options.figures) - set(names):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return options


if __name__ == "__main__":
    main()
