"""How the worker is, in the words of the systems that people know: one answer, whichever way it is asked for.

``memory_usage`` was bytes to some and per cent to others; here it is per cent, as ``cpu_usage`` is, and the bytes stand
beside it. ``status`` grades the machine; what the worker does is ``state``.
"""

import os
from collections.abc import Sequence

import msgspec

import paceline
from paceline.agent.face.load import Gauge, Load
from paceline.agent.standing import Standing
from paceline.agent.state import Worker
from paceline.agent.tally import Tally
from paceline.clock import Clock
from paceline.config import WorkerOptions
from paceline.grammar import format_duration, format_moment
from paceline.model.ids import WorkerId

CPU, MEMORY = 90.0, 85.0
"""Per cent above which a worker is degraded."""


class Health(msgspec.Struct, kw_only=True, frozen=True):
    """``status``: "healthy" or "degraded", with ``warnings`` that say why. Counts are since this start of the agent."""

    worker_id: str  # its name
    worker: int  # its number
    status: str
    state: str  # AVAILABLE, BUSY, DRAINING
    uptime: str  # "2h15m30s"
    uptime_seconds: float
    active_tasks: int
    waiting_tasks: int  # granted, and not begun
    completed_tasks: int
    failed_tasks: int
    cpu_usage: float  # per cent of the machine, like the next ones
    memory_usage: float
    memory_usage_bytes: int
    disk_usage: float  # of the file system that the worker works on
    last_heartbeat: str  # sent, and answered; RFC 3339; empty: none yet
    orchestrator_connection: str  # "connected" or "disconnected"
    server: str
    version: str
    pid: int
    warnings: Sequence[str] = ()


class Vitals:
    """Of one worker. Asked anew each time."""

    def __init__(self, options: WorkerOptions, number: WorkerId, worker: Worker, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.started_at = clock.now()
        self._number = number
        self._worker = worker
        self._gauge = Gauge(clock, options.directory)

    @property
    def tally(self) -> Tally:
        return self._worker.tally

    def load(self) -> Load:
        """Of the machine."""
        return self._gauge.read()

    def standing(self) -> Standing:
        """Of the worker."""
        return self._worker.standing()

    def beat_age(self) -> float:
        """Seconds since the last sign of life that the server answered; infinity: there was none."""
        return self.clock.steady() - self.standing().heard_at

    def health(self) -> Health:
        """All of it."""
        load, standing, tally, now = self.load(), self.standing(), self.tally, self.clock.now()
        found = warnings(load, standing)
        return Health(
            worker_id=self.options.name,
            worker=self._number,
            status="degraded" if found else "healthy",
            state="DRAINING" if standing.pauses else "BUSY" if standing.active else "AVAILABLE",
            uptime=format_duration(int(now - self.started_at)),
            uptime_seconds=round(now - self.started_at, 3),
            active_tasks=standing.active,
            waiting_tasks=standing.waiting,
            completed_tasks=tally.count("completed"),
            failed_tasks=tally.count("failed"),
            cpu_usage=load.cpu,
            memory_usage=load.memory,
            memory_usage_bytes=load.memory_bytes,
            disk_usage=load.disk,
            last_heartbeat=format_moment(now - age) if (age := self.beat_age()) < float("inf") else "",
            orchestrator_connection="connected" if standing.linked else "disconnected",
            server=self.options.server,
            version=paceline.__version__,
            pid=os.getpid(),
            warnings=found,
        )


def warnings(load: Load, standing: Standing) -> list[str]:
    """Why this worker is not as it should be."""
    found = []
    if load.cpu > CPU:
        found.append("High CPU usage")
    if load.memory > MEMORY:
        found.append("High memory usage")
    if not standing.linked:
        found.append("Not connected to the server")
    return found + [f"Takes nothing new: {why}" for why in standing.pauses]
