"""HTTP beside a fleet at work: how fast it reads, how soon followers hear, how many jobs it takes.

    python -m bench.rest                     about two minutes
    python -m bench.rest --rounds 1

While functions come and go at a steady rate, each round measures in turn: reads on four connections, two hundred
followers of /api/live, submits. A round in which the host of this machine gave more than a twentieth of the processors
to others is played again; two of three may be. The table goes to stdout, into bench/results/rest.json and
docs/performance.md.
"""

import argparse
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping

from bench import quiet, report
from bench.fleet import ordinary
from bench.rest.beside import Beside
from bench.rest.rows import FILE, ROWS
from bench.result import Measured, Result, Run, machine
from bench.table import columns


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.rest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what runs is stopped
    measured: dict[str, list[Measured]] = defaultdict(list)
    with ordinary() as fleet, Beside(fleet) as beside:
        for values in rounds(beside, options.rounds):
            for key, value in values.items():
                measured[key].append(Measured(value=value, yard=0.0))
    rows = {row.key: Result.of(row, measured[row.key]) for row in ROWS}
    print(*columns([report.HEAD, *report.main_rows(rows)]), sep="\n")
    if not options.dry:
        Run(machine=machine(), rows=rows).save(FILE)
        report.main()


def rounds(beside: Beside, wanted: int) -> Iterator[Mapping[str, float]]:
    """As many as are wanted: row key → what came out."""
    again = 2 * wanted
    while wanted:
        host = quiet.Host()
        values = {**beside.play(), "taken": 100 * host.taken()}
        counts = values["taken"] <= 100 * quiet.TAKEN or not again
        print(
            "a round:" if counts else "again:",
            *(f"{key} {value:.4g}" for key, value in values.items()),
            file=sys.stderr,
        )
        if counts:
            wanted -= 1
            yield values
        else:
            again -= 1


if __name__ == "__main__":
    main()
