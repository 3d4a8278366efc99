"""The work that goes on meanwhile: no-op functions at a steady rate, by a client in a process of its own.

    python -m bench.rest.work HOME RATE

Says on stdout, once a second, how many have come home. Ends when its stdin does.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import paceline
from paceline.config import ServerOptions
from paceline.sdk import connect

BEAT = 0.05
"""Seconds between two batches."""
AHEAD = 2.0
"""Seconds of work that may be on its way: more would only be a longer queue."""


def noop(value: int) -> int:
    """The function that is called."""
    return value


def main() -> None:
    home, rate = Path(sys.argv[1]), float(sys.argv[2])
    batch = range(round(rate * BEAT))
    going: deque[Iterator[int]] = deque(maxlen=round(AHEAD / BEAT))
    home_again = Counter()
    over = threading.Event()
    threading.Thread(target=_await_end, args=(over,), daemon=True).start()
    with paceline.Executor(connect.local(ServerOptions(home=home))) as executor:
        due = time.perf_counter()
        while not over.wait(max(0.0, due - time.perf_counter())):
            if len(going) == going.maxlen:
                home_again.add(sum(1 for _ in going.popleft()))
            going.append(executor.map(noop, batch))
            due = max(due + BEAT, time.perf_counter() - AHEAD)


class Counter:
    """Says its count once a second."""

    def __init__(self) -> None:
        self._count = 0
        self._told = time.perf_counter()

    def add(self, number: int) -> None:
        self._count += number
        if time.perf_counter() - self._told >= 1.0:
            self._told = time.perf_counter()
            print(self._count, flush=True)


def _await_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main()
