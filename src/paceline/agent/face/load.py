"""How busy the machine is: what its operating system counts, since somebody last looked."""

import shutil
from pathlib import Path
from typing import NamedTuple

import psutil

from paceline.clock import Clock

WINDOW = 1.0
"""Seconds over which processor use is measured, at least: between two looks at the same moment there is none."""


class Load(NamedTuple):
    """Per cent, but for what is called bytes. Of the whole machine, so with all that tasks use."""

    cpu: float
    memory: float
    memory_bytes: int
    disk: float
    disk_free_bytes: int


class Ticks(NamedTuple):
    """Processor seconds of the machine so far. ``at``: when they were read, by the steady clock."""

    at: float
    busy: float
    whole: float


class Gauge:
    """Reads it. The first reading of processor use is the mean since the machine started, so it is never nothing."""

    def __init__(self, clock: Clock, directory: Path) -> None:
        self._clock = clock
        self._directory = directory
        self._older = Ticks(0.0, 0.0, 0.0)
        self._newer = _ticks(clock.steady())

    def read(self) -> Load:
        """As it is now."""
        memory, disk = psutil.virtual_memory(), shutil.disk_usage(self._directory)
        return Load(
            cpu=self._cpu(_ticks(self._clock.steady())),
            memory=memory.percent,
            memory_bytes=memory.used,
            disk=round(100 * disk.used / (disk.used + disk.free or 1), 1),
            disk_free_bytes=disk.free,
        )

    def _cpu(self, now: Ticks) -> float:
        if now.at - self._newer.at >= WINDOW:
            self._older, self._newer = self._newer, now
        return percent(self._older, now)


def percent(before: Ticks, now: Ticks) -> float:
    """Share of its processors' time that the machine was busy in between."""
    whole = now.whole - before.whole
    return round(min(100.0, max(0.0, 100.0 * (now.busy - before.busy) / whole)), 1) if whole > 0 else 0.0


def _ticks(at: float) -> Ticks:
    times = psutil.cpu_times()
    whole = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)  # those are in user, nice
    return Ticks(at, whole - times.idle - getattr(times, "iowait", 0.0), whole)
