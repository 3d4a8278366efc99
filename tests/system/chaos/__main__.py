"""``python -m tests.system.chaos``: real processes, real faults, every promise counted. Exit code 1 on a violation."""

import argparse
import asyncio
import math
import sys
import tempfile
from pathlib import Path

from tests.system.chaos.drive import Options, run
from tests.system.chaos.report import page

LONG = 5.0
"""Minutes of a run from which on the server is away for one of them."""


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--faults", type=int, default=300, help="at least")
    parser.add_argument("--lanes", type=int, default=5, help="faults at a time")
    parser.add_argument("--only", default="", help="faults whose names contain this")
    parser.add_argument("--keep", default="", metavar="DIR", help="an empty directory that stays")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="paceline-chaos-") as temporary:
        options = Options(
            home=Path(given.keep or temporary),
            seed=given.seed,
            seconds=60 * given.minutes,
            outage_at=30 * given.minutes if given.minutes >= LONG else math.inf,
            faults=given.faults,
            lanes=given.lanes,
            only=given.only,
        )
        town, story = asyncio.run(run(options))
        sys.stdout.write(page(options, town, story) + "\n")
    return 1 if story.violations else 0


if __name__ == "__main__":
    sys.exit(main())
