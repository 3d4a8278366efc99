"""The least loaded workers are found without looking at all of them, and they are the same."""

import random
from dataclasses import replace

import pytest

from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.core.strategy import SPREAD
from paceline.model.events import AttemptsEnded, DrainAsked
from paceline.model.ids import WorkerId
from paceline.model.resources import GpuNeed, Need
from paceline.model.task import Outcome
from paceline.testing.hand import Hand, alike, named
from paceline.testing.world import GIB, World, gpu, machine

NEEDS = (
    Need(),
    Need(cpu=2000),
    Need(cpu=0),
    Need(memory=9 * GIB),
    Need(gpu=GpuNeed(milli=500)),
    Need(cpu=1000, labels=(("zone", "a"),)),
)


class Player:
    """Does at random what workers, users and operators do; the same seed does the same."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)

    def play(self, moves: int) -> None:
        for _ in range(moves):
            self.chance.choice([self.join, self.submit, self.submit, self.end, self.end, self.drain, self.leave])()
            self.world.advance(self.chance.choice([0.0, 1.0, 30.0]))

    def join(self) -> None:
        cpu, gpus = self.chance.choice([1000, 4000, 6000]), self.chance.choice([0, 0, 2])
        found = machine(cpu=cpu, gpus=[gpu(number=number) for number in range(gpus)])
        self.world.introduce(replace(found, labels=self.chance.choice([(), (("zone", "a"),)])))

    def submit(self) -> None:
        self.world.submit(tasks=self.chance.choice([1, 2, 30]), need=self.chance.choice(NEEDS))

    def end(self) -> None:
        worker = self.worker()
        if worker and worker.held:
            chosen = self.chance.sample(list(worker.held), self.chance.randint(1, len(worker.held)))
            worker.end(*chosen, seconds=self.chance.choice([0.001, 50.0]))

    def drain(self) -> None:
        worker = self.worker()
        if worker:
            self.world.step(DrainAsked(worker=worker.id, resume=self.chance.random() < 0.5))

    def leave(self) -> None:
        worker = self.worker()
        if worker:
            self.chance.choice([worker.lose_link, worker.join, worker.leave, worker.beat])()

    def worker(self) -> Hand | None:
        return self.chance.choice(list(self.world.hands.values())) if self.world.hands else None


def decisions(seed: int, *, ranked: bool) -> object:
    """All that was kept of a random play, in its order."""
    world = World()
    terms = Terms(beat=5.0, lease=20.0, strategy=replace(SPREAD, ranked=ranked))
    world.terms, world.scheduler = terms, Scheduler(world.cluster, terms)
    Player(world, seed).play(50)
    return world.tables.jobs, world.tables.endings, world.tables.attempts


@pytest.mark.parametrize("seed", range(12))
def test_the_same_workers_are_found_as_by_looking_at_all(seed: int) -> None:
    assert decisions(seed, ranked=True) == decisions(seed, ranked=False)


def crowd(*, ranked: bool) -> object:
    """Many jobs of one task each, and many workers that come free in the same step."""
    world = World()
    terms = Terms(beat=5.0, lease=20.0, strategy=replace(SPREAD, ranked=ranked))
    world.terms, world.scheduler = terms, Scheduler(world.cluster, terms)
    workers = [world.join(cpu=1000 * (1 + number % 3)) for number in range(12)]
    for number in range(60):
        world.submit(tasks=1 + number % 2)
    for turn in range(3):
        busy = [worker for worker in workers[turn:] if worker.held]
        world.step(
            *(
                AttemptsEnded(worker=w.id, endings=alike(each, Outcome.SUCCEEDED))
                for w in busy
                for each in named(list(w.held)[:2])
            )
        )
    return world.tables.jobs, world.tables.endings, world.tables.attempts


def test_many_jobs_find_the_same_places_among_those_that_came_free_together() -> None:
    assert crowd(ranked=True) == crowd(ranked=False)


def test_workers_that_come_and_go_leave_nothing() -> None:
    world = World()
    for _ in range(150):
        worker = world.join(cpu=1000)
        world.submit()
        worker.end()
        worker.leave()
        world.advance(90_000.0)
    assert len(world.cluster.ranking._entered) <= 2  # noqa: SLF001 - what is left is what is asked about
    assert len(world.cluster.ranking._plain) < 100  # noqa: SLF001


def test_void_entries_do_not_pile_up() -> None:
    """A worker that is a little less loaded each time, so that nobody comes upon what it was before."""
    world = World()
    worker, _ = world.join(cpu=4000), world.join(cpu=1000, gpus=[gpu()])
    for cpu in range(3500, 3300, -1):
        world.submit(need=Need(cpu=cpu))
        world.submit(need=Need(cpu=1))
        worker.end()
    assert len(world.cluster.ranking._plain) < 80  # noqa: SLF001


def test_a_fleet_is_not_looked_at_for_one_task() -> None:
    world = World()
    for _ in range(50):
        world.join(cpu=4000)
    world.submit(tasks=3)
    for worker in world.cluster.workers.values():
        worker.slots.clear()
    world.submit()
    assert [worker.id for worker in world.cluster.workers.values() if worker.slots] == [WorkerId(4)]
