"""Strategies differ in which worker comes first, and in nothing else."""

import pytest

from paceline.core.cluster import Cluster
from paceline.core.scheduler import Scheduler
from paceline.core.strategy import STRATEGIES
from paceline.testing.world import World, gpu
from tests.core.audited import AuditedWorld


@pytest.mark.parametrize(
    ("name", "placed"),
    [
        ("spread", [1, 2, 1, 1]),
        ("first-fit", [0, 4, 1, 0]),
        ("best-fit", [0, 3, 2, 0]),
        ("worst-fit", [1, 1, 1, 2]),
    ],
)
def test_tasks_go_where_the_strategy_says(name: str, placed: list[int]) -> None:
    world = AuditedWorld()
    world.terms.strategy = STRATEGIES[name]
    world.join(cpu=8000, gpus=[gpu()])  # comes last for those who need none
    for cpu in (4000, 2000, 6000):
        world.join(cpu=cpu)
    world.submit(tasks=5)
    assert [len(worker.held) for worker in world.hands.values()] == placed


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_every_strategy_uses_all_there_is(name: str) -> None:
    world = AuditedWorld()
    world.terms.strategy = STRATEGIES[name]
    for cpu in (4000, 2000, 6000):
        world.join(cpu=cpu)
    world.submit(tasks=20)
    assert [len(worker.held) for worker in world.hands.values()] == [4, 2, 6]


def turns(share: float) -> list[int]:
    """Which of two jobs gets each worker that comes while the first one already occupies many."""
    world = World()
    world.scheduler = Scheduler(Cluster(share=share), world.terms)
    world.join(cpu=8000)
    jobs = [world.submit(tasks=8 + 2), world.submit(tasks=2)]
    workers = [world.join(cpu=1000) for _ in range(4)]
    return [jobs.index(attempt.job) for worker in workers for attempt in worker.held]


def test_how_far_a_job_stands_back_for_what_it_occupies_can_be_chosen() -> None:
    assert turns(share=0.0) == [0, 0, 1, 1]
    assert turns(share=1.0) == [1, 1, 0, 0]
