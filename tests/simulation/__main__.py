"""``python -m tests.simulation``: many seeds on all processors. Prints what it measured, and every seed that failed."""

import argparse
import os
import sys
import time

from tests.simulation.campaign import NOTHING, Result, run_on
from tests.simulation.faults import Fault

TOLD = 3
"""Failed seeds that are told in full."""


def main() -> int:
    """Exit code: 1 if a seed failed, or a kind of fault never happened."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="where they begin; one that failed is run again with it")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    began = time.perf_counter()
    total = NOTHING
    for result in run_on(asked.processes, range(asked.first, asked.first + asked.seeds)):
        total += result
        _progress(total, asked.seeds)
    _say(_summary(total, time.perf_counter() - began, asked.processes))
    missing = [fault.name for fault in Fault if not total.faults[fault]] if total.seeds >= 500 else []
    if missing:
        _say(f"never happened: {', '.join(missing)}\n")
    for seed in sorted(total.failed)[:TOLD]:
        _say(f"\n{total.failed[seed]}\n")
    return 1 if total.failed or missing else 0


def _summary(total: Result, seconds: float, processes: int) -> str:
    rate = total.seeds / seconds
    told = os.times()
    busy = told.user + told.system + told.children_user + told.children_system
    lines = [f"{fault.name.lower():<20} {total.faults[fault]:>9,}  {fault}" for fault in Fault]
    return "\n".join(
        [
            *lines,
            "",
            f"{total.seeds:,} seeds in {seconds:.0f} s on {processes} processes: {rate:.1f} seeds/s; "
            f"{total.seeds / busy:.1f} seeds per second of a processor",
            f"{total.decisions:,} decisions, {total.faults.total():,} faults",
            f"{len(total.failed)} failed: {', '.join(map(str, sorted(total.failed))) or 'none'}",
            "",
        ]
    )


def _progress(total: Result, seeds: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{total.seeds:,} of {seeds:,} seeds, {len(total.failed)} failed")
        sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
