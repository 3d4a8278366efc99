"""What is asked of every system, in one round, and told as a line of JSON. Standard library only.

* ``functions``: no-op functions per second, from the first submission until all results are in the caller's hands. How
  many is found by trying, so that it takes some seconds, which warms the system as well.
* ``p50``, ``p99``: milliseconds of one such call when nothing else goes on.
* ``commands``: ``true`` commands per second with captured output, where the system has commands of its own.
"""

import json
import time
from collections.abc import Callable

SECONDS = 5.0
"""What a measurement should take."""
MOST, LEAST = 100_000, 10
CALLS = 300
CALLS_SECONDS = 4.0
"""Seconds after which no further call is timed, but for the first twenty."""

Work = Callable[[int], object]
"""Does so many, and returns when the last is known to be done."""


def noop(value: int) -> int:
    """The function that is called."""
    return value


def report(*, functions: Work, one: Callable[[], object], commands: Work | None = None, most: int = MOST) -> None:
    """Measure, and print. ``most``: tasks that are tried at once."""
    found: dict[str, float] = {"functions": rate(functions, most)}
    found |= latency(one)
    if commands:
        found["commands"] = rate(commands, most)
    print("\n" + json.dumps(found), flush=True)


def rate(work: Work, most: int) -> float:
    """Per second, by as many as take long enough; those before them have warmed everything."""
    work(LEAST)
    count = LEAST
    while (took := timed(work, count)) < SECONDS / 2 and count < most:
        count = min(most, 8 * count, max(2 * count, int(count / took * SECONDS)))
    return count / took


def timed(work: Work, count: int) -> float:
    """Seconds."""
    began = time.perf_counter()
    work(count)
    return time.perf_counter() - began


def latency(one: Callable[[], object]) -> dict[str, float]:
    """Milliseconds."""
    one()
    found: list[float] = []
    until = time.perf_counter() + CALLS_SECONDS
    while len(found) < CALLS and (len(found) < 20 or time.perf_counter() < until):
        began = time.perf_counter()
        one()
        found.append((time.perf_counter() - began) * 1e3)
    found.sort()
    return {"p50": found[len(found) // 2], "p99": found[len(found) * 99 // 100]}
