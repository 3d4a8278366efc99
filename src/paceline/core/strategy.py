"""Which of the workers that have room get a job's next tasks.

A strategy is a value: an order over those workers, and whether tasks are spread over them or packed. Placement asks it
once for each job that it hands out; nothing else of the core knows which one is in force. ``SPREAD`` is what a server
uses; the others are there to be compared with it (``paceline sim --compare``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from paceline.core.worker import Room, Worker
from paceline.model.resources import Need

Order: TypeAlias = Callable[[Need, Room], tuple[float, ...]]
"""Rooms are asked by this key, lowest first. It ends in the worker's number, so that no two are equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """``packs``: fill one worker before the next, instead of giving each an even share. ``ranked``: the order is that
    of ``core/ranking.py``, which finds the first few without looking at all."""

    name: str
    order: Order
    packs: bool = False
    ranked: bool = False

    def share(self, left: int, workers: int) -> int:
        """How many of the tasks that are left the first of so many workers may get."""
        return left if self.packs else -(-left // workers)


def _wasteful(need: Need, worker: Worker) -> bool:
    """Machines with devices are for those who ask for devices, as long as there are others."""
    return bool(worker.capacity.gpus) and need.gpu is None


def _least_loaded(need: Need, room: Room) -> tuple[float, ...]:
    worker, _ = room
    return _wasteful(need, worker), worker.load(), worker.id


def _first(need: Need, room: Room) -> tuple[float, ...]:
    worker, _ = room
    return _wasteful(need, worker), worker.id


def _tightest(need: Need, room: Room) -> tuple[float, ...]:
    worker, count = room
    return _wasteful(need, worker), count, worker.cpu, worker.id


def _widest(need: Need, room: Room) -> tuple[float, ...]:
    worker, count = room
    return _wasteful(need, worker), -count, -worker.cpu, worker.id


SPREAD = Strategy(name="spread", order=_least_loaded, ranked=True)

STRATEGIES: Mapping[str, Strategy] = {
    each.name: each
    for each in (
        SPREAD,
        Strategy(name="first-fit", order=_first, packs=True),
        Strategy(name="best-fit", order=_tightest, packs=True),
        Strategy(name="worst-fit", order=_widest),
    )
}
"""All there are, by name."""
