"""What is waiting costs bytes, what is over costs nothing, and a step costs what it changes."""

import tracemalloc
from dataclasses import replace

from paceline.core.cluster import Recent
from paceline.core.scheduler import Scheduler
from paceline.model.columns import Endings
from paceline.model.events import AttemptsEnded, CancelAsked, JobsSubmitted, WorkerJoined
from paceline.model.ids import Incarnation, JobId, WorkerId
from paceline.model.job import Range
from paceline.model.records import AttemptsGranted
from paceline.testing.world import World, job_spec, machine

MILLION = replace(job_spec(), ranges=(Range(start=0, stop=1_000_000),))


def test_a_million_tasks_are_submitted_and_cancelled_in_a_few_values() -> None:
    world = World()
    tracemalloc.start()
    try:
        world.scheduler.step([JobsSubmitted(specs=[MILLION])], 1.0)
        for cut in (Range(start=10, stop=900_000), Range(start=1, stop=1_000_000, step=2)):
            world.scheduler.step([CancelAsked(job=JobId(1), ranges=(cut,))], 2.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert world.cluster.jobs[JobId(1)].waiting.count == 50_005
    assert peak < 200_000


def test_what_is_over_leaves_memory() -> None:
    """After a round of everything that can happen, as much is held as after the round before."""
    world = World()
    worker = world.join(cpu=64_000)

    def play() -> None:
        for _ in range(5):
            job = world.submit(tasks=100, payloads=[b"x" * 100] * 100)
            for _ in range(3):
                worker.end(seconds=0.001)
            world.step(CancelAsked(job=job))
            while worker.held:
                worker.end()
            worker.take()
            world.tables.__init__()  # type: ignore[misc]  # what is kept is not what is asked about

    play()
    tracemalloc.start()
    try:
        play()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(5):
            play()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not world.cluster.jobs
    assert after - before < 50_000


def test_of_what_is_over_only_the_latest_is_remembered() -> None:
    recent: Recent[int, bool] = Recent(most=3)
    for number in range(5):
        recent.remember(number, value=True)
    assert list(recent) == [2, 3, 4]


def fleet(world: World, count: int, cpu: int) -> None:
    """So many workers, in one step."""
    first = Incarnation(1)
    world.scheduler.step(
        [
            WorkerJoined(worker=WorkerId(n), name=f"w{n}", incarnation=first, machine=machine(cpu=cpu))
            for n in range(1, count + 1)
        ],
        world.clock.now(),
    )


def test_a_large_fleet_and_a_large_array_are_placed_in_one_step() -> None:
    world = World()
    fleet(world, 1_000, cpu=8_000)
    decision = world.scheduler.step([JobsSubmitted(specs=[replace(MILLION, name="big")])], world.clock.now())
    grants = [record for record in decision.records if isinstance(record, AttemptsGranted)]
    assert sum(len(grant.attempts.indexes) for grant in grants) == 8_000
    assert len(grants) <= 2_000
    [held] = {len(worker.held) for worker in world.cluster.workers.values()}
    assert held == 8


def test_an_end_in_a_full_fleet_asks_only_the_worker_it_came_from() -> None:
    world = World()
    fleet(world, 200, cpu=1_000)
    [job] = world.submit_all(replace(job_spec(), ranges=(Range(start=0, stop=100_000),)))
    first = world.cluster.workers[WorkerId(1)]
    [(_, index)] = first.held
    asked = Counting(world.scheduler)
    ends = Endings(job=job, indexes=[index])
    decision = asked.step(AttemptsEnded(worker=first.id, endings=ends), world.clock.now())
    assert decision == 1
    assert asked.workers == {first.id}


class Counting:
    """Runs a step and says whose machines were looked at."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.workers: set[int] = set()

    def step(self, event: AttemptsEnded, now: float) -> int:
        """How many tasks were granted."""
        for worker in self._scheduler.cluster.workers.values():
            worker.slots.clear()
        decision = self._scheduler.step([event], now)
        self.workers = {worker.id for worker in self._scheduler.cluster.workers.values() if worker.slots}
        return sum(len(r.attempts.indexes) for r in decision.records if isinstance(r, AttemptsGranted))
