"""What a million tasks weigh in the server: as an array, and each for itself with small arguments.

Resident memory of the server's process, which light workers have warmed. An array is weighed at its heaviest, while it
is worked off too. Before and after, the server has been left alone for as long.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from bench.figure import Figure, Row, Sample, at_most
from bench.figures.queue import Queue, fill
from bench.fleet import Fleet, server_only
from bench.light import crew
from bench.processes import parts

TASKS = 1_000_000
WARMING = 50_000
WORKERS = 10
INTERVAL = 0.05
SETTLING = 5.0
"""Seconds that the server may take to tidy up when all is over: what warmed it, and what it is weighed by."""


@contextmanager
def warm() -> Iterator[Queue]:
    """A server that has worked before."""
    with server_only() as fleet, crew(fleet.home, WORKERS, seconds=0.0) as workers:
        fill(fleet, WARMING)
        workers.work(WARMING)
        time.sleep(SETTLING)
        yield Queue(fleet=fleet, crew=workers)


def play(setting: Queue) -> Sample:
    fleet, workers, server = setting.fleet, setting.crew, setting.fleet.server
    start, store = server.memory_info().rss, _store(fleet)
    fleet.submit(TASKS)
    submitted = server.memory_info().rss
    with Peak(server) as peak:
        workers.work(TASKS)
    fill(fleet, TASKS)
    filled = server.memory_info().rss
    workers.work(TASKS)
    time.sleep(SETTLING)
    end = server.memory_info().rss
    return {
        "array submitted": (submitted - start) / 1e6,
        "array peak": (peak.bytes - start) / 1e6,
        "individual": (filled - start) / TASKS,
        "rss start": start / 1e6,
        "rss end": end / 1e6,
        "rss growth": 100 * (end / start - 1),
        "store start": store / 1e6,
        "store end": _store(fleet) / 1e6,
    }


def _store(fleet: Fleet) -> int:
    """Bytes of its processes: pages of the file that it keeps at hand among them, a fixed number at most."""
    return sum(process.memory_info().rss for part, process in parts(fleet.home) if part.startswith("store"))


class Peak:
    """The most that a process has in memory while the context lasts."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self.bytes = 0

    def __enter__(self) -> "Peak":
        self._watch.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(INTERVAL):
            self.bytes = max(self.bytes, self._process.memory_info().rss)


FIGURE = Figure(
    name="memory",
    setting=warm,
    play=play,
    once=True,
    rows=(
        Row(key="array submitted", says=f"server memory of an array of {TASKS:,}, submitted", unit="MB",
            bars=at_most(64), yardstick="none"),
        Row(key="array peak", says="the same at its heaviest, while it is worked off", unit="MB", bars=at_most(64),
            yardstick="none"),
        Row(key="individual", says=f"server memory of each of {TASKS:,} individual tasks", unit="B", bars=at_most(500),
            yardstick="none"),
        Row(key="rss start", says="server memory before", unit="MB", yardstick="none"),
        Row(key="rss end", says="server memory after all of them ended", unit="MB", yardstick="none"),
        Row(key="rss growth", says="growth from before to after", unit="%", bars=at_most(20), yardstick="none"),
        Row(key="store start", says="memory of its store's processes before", unit="MB", yardstick="none"),
        Row(key="store end", says="memory of its store's processes after", unit="MB", yardstick="none"),
    ),
)  # fmt: skip
