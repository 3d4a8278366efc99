"""Python functions on the fleet: estimate pi with a ``concurrent.futures.Executor`` that is many machines.

Try it, beside a `paceline up`:

    python examples/executor_map.py
"""

import random

import paceline

POINTS = 200_000
PARTS = 40


def hits(seed: int) -> int:
    """Points of a part that fall into the quarter circle."""
    rng = random.Random(seed)
    return sum(rng.random() ** 2 + rng.random() ** 2 < 1 for _ in range(POINTS))


def main() -> None:
    with paceline.Executor() as fleet:
        found = sum(fleet.map(hits, range(PARTS)))
    print(f"pi is about {4 * found / (POINTS * PARTS):.4f}, by {PARTS} calls on the fleet")


if __name__ == "__main__":
    main()
