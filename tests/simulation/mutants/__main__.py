"""``python -m tests.simulation.mutants``: which seed finds each of the bugs first, to be written into ``found.py``."""

import sys

from tests.simulation.mutants.catalogue import LIMIT, MUTANTS

WIDTH = 120
"""Of a line."""


def main() -> int:
    """Exit code: how many survive."""
    survivors = 0
    for mutant in MUTANTS:
        found = mutant.found_by(range(LIMIT))
        survivors += not found
        seed, how = found or (-1, "survives")
        sys.stdout.write(f'    "{mutant.name}": {seed},  # {how}'[:WIDTH] + "\n")
        sys.stdout.flush()
    return survivors


if __name__ == "__main__":
    sys.exit(main())
