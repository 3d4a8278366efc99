"""What a fleet costs that does nothing: CPU of the server with a hundred workers linked, each beating."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import processes
from bench.figure import Figure, Row, Sample, at_most
from bench.fleet import Fleet, server_only
from bench.light import crew

WORKERS = 100
SECONDS = 5.0
"""As long as from beat to beat, so that each round has one of every worker."""


@contextmanager
def linked() -> Iterator[Fleet]:
    """A server with many idle workers."""
    with server_only() as fleet, crew(fleet.home, WORKERS):
        yield fleet


def play(fleet: Fleet) -> Sample:
    before, began = processes.cpu(fleet.home), time.perf_counter()
    time.sleep(SECONDS)
    took, after = time.perf_counter() - began, processes.cpu(fleet.home)
    return {"idle": 100 * sum(after[part] - before[part] for part in ("server", "store keep")) / took}


FIGURE = Figure(
    name="idle",
    setting=linked,
    play=play,
    rows=(Row(key="idle", says=f"CPU of server and store, idle, {WORKERS} workers", unit="%", bars=at_most(3)),),
)
