"""Work that nobody has measured, but that looks like what clusters see: a few large arrays make up most of the tasks,
many small jobs most of the submissions, and how long tasks take differs more between jobs than within one."""

import random
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from paceline.model.resources import WHOLE, GpuNeed, Need
from paceline.model.worker import Machine
from paceline.sim.duration import Duration
from paceline.sim.work import Batch

GIB = 1 << 30
PRESSURE = 1.25
"""Work that comes per time, in shares of what the fleet gets done: at first it keeps up, then a queue grows."""
LARGEST = 0.02
"""Share of all tasks that the largest job may have."""
Shape: TypeAlias = tuple[int, int, int, int]
"""Weight, processors, memory and devices of some jobs."""
Job: TypeAlias = tuple[Need, int, Duration]
"""What each task needs, how many there are, how long they take."""

_SHAPES: Sequence[Shape] = (
    (70, 1, 2 * GIB, 0),
    (18, 4, 8 * GIB, 0),
    (9, 8, 32 * GIB, 0),
    (3, 4, 32 * GIB, 1),
)


def made_up(tasks: int, machines: Sequence[Machine], seed: int) -> list[Batch]:
    """So many tasks for such a fleet; the same seed makes the same ones."""
    chance = random.Random(f"work {seed}")
    shapes = [shape for shape in _SHAPES if _fits(shape, set(machines))]
    jobs = list(_jobs(tasks, shapes or [(1, 1, 0, 0)], chance))
    span = _shortest(jobs, machines) / PRESSURE
    times = sorted(chance.uniform(0.0, span) for _ in jobs)
    return [
        Batch(
            at=at - times[0],
            name=f"job {number}",
            count=count,
            needs=(need,),
            duration=duration,
            priority=chance.choices((0, 1), (9, 1))[0],
            origin=f"made-up job {number}",
        )
        for number, (at, (need, count, duration)) in enumerate(zip(times, jobs, strict=True), 1)
    ]


def _shortest(jobs: Sequence[Job], machines: Sequence[Machine]) -> float:
    """Seconds that the work takes at least: of processors and devices, what there is less of decides."""
    cpu = sum(need.cpu * count * duration.mean() for need, count, duration in jobs)
    gpu = sum(need.gpu.milli * count * duration.mean() for need, count, duration in jobs if need.gpu)
    gpus = sum(len(machine.capacity.gpus) for machine in machines) * WHOLE
    return max(cpu / sum(machine.capacity.cpu for machine in machines), gpu / gpus if gpus else 0.0)


def _jobs(tasks: int, shapes: Sequence[Shape], chance: random.Random) -> Iterator[Job]:
    largest = max(1, int(tasks * LARGEST))
    left = tasks
    while left:
        count = min(left, largest, int(chance.paretovariate(0.6)))
        left -= count
        [(_, cpus, memory, gpus)] = chance.choices(shapes, [shape[0] for shape in shapes])
        gpu = GpuNeed(milli=gpus * WHOLE) if gpus else None
        median = min(chance.lognormvariate(4.0, 1.0), 300.0)
        yield (
            Need(cpu=cpus * WHOLE, memory=memory, gpu=gpu),
            count,
            Duration(form="lognormal", first=median, second=0.4),
        )


def _fits(shape: Shape, machines: set[Machine]) -> bool:
    _, cpus, memory, gpus = shape
    return any(
        machine.capacity.cpu >= cpus * WHOLE
        and machine.capacity.memory >= memory
        and len(machine.capacity.gpus) >= gpus
        for machine in machines
    )
