"""A worker: an agent process on a host, and what it says about the host."""

from dataclasses import dataclass
from enum import StrEnum

from paceline.model.resources import Capacity


class WorkerState(StrEnum):
    """Where a worker stands. ``core/workers.py`` holds the transitions."""

    READY = "READY"
    AWAY = "AWAY"  # link lost, lease still running
    DRAINING = "DRAINING"  # finishes what it has, gets nothing new
    LOST = "LOST"  # lease over; its attempts are void
    LEFT = "LEFT"  # said goodbye


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What an agent found on its host. ``paceline worker probe`` prints it."""

    host: str
    capacity: Capacity
    labels: tuple[tuple[str, str], ...] = ()
    features: tuple[str, ...] = ()  # "python3.11", "train.random_forest" …
    python: str = ""
    version: str = ""  # of Paceline
    pid: int = 0
    ends_at: float = 0.0  # seconds since 1970 when the machine goes away (walltime); 0 for never
