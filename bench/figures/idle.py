"""What a fleet costs that does nothing: CPU of the server with a hundred workers linked, each beating."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figure import Figure, Row, Sample, at_most
from bench.fleet import Fleet, server_only
from bench.light import crew
from bench.processes import Meter

WORKERS = 100
SECONDS = 5.0
"""As long as from beat to beat, so that each round has one of every worker."""


@contextmanager
def linked() -> Iterator[Fleet]:
    """A server with many idle workers."""
    with server_only() as fleet, crew(fleet.home, WORKERS):
        yield fleet


def play(fleet: Fleet) -> Sample:
    with Meter(fleet.home) as spent:
        time.sleep(SECONDS)
    return {"idle": 100 * spent.serving() / SECONDS}


FIGURE = Figure(
    name="idle",
    setting=linked,
    play=play,
    rows=(Row(key="idle", says=f"CPU of server and store, idle, {WORKERS} workers", unit="%", bars=at_most(3)),),
)
