"""The order of waiting work, and what is remembered of it."""

from dataclasses import replace

import pytest

from paceline.core.queue import DAY, REMEMBERED, SHARE, rank
from paceline.model.columns import Endings
from paceline.model.events import AttemptsEnded, CancelAsked, JobsSubmitted
from paceline.model.ids import JobId
from paceline.model.resources import GpuNeed, Need
from paceline.testing.world import World, job_spec
from tests.core.audited import AuditedWorld


def test_rank_is_counted_in_seconds_of_waiting() -> None:
    spec = job_spec()
    assert rank(spec, 100.0) == 100.0
    assert rank(replace(spec, priority=2), 100.0) == 100.0 - 2 * DAY
    assert rank(replace(spec, priority=-1), 100.0) == 100.0 + DAY


def test_a_deadline_counts_from_when_the_task_must_start() -> None:
    spec = replace(job_spec(), deadline=10 * DAY)
    assert rank(spec, 100.0) == 100.0
    assert rank(replace(spec, deadline=0.5 * DAY), 100.0) == -0.5 * DAY
    long = replace(spec, deadline=0.5 * DAY, run=replace(spec.run, timeout=3600.0))
    assert rank(long, 100.0) == -0.5 * DAY - 3600.0


def test_a_job_stands_back_for_what_it_occupies(world: AuditedWorld) -> None:
    world.join(cpu=4000)
    job = world.submit(tasks=10)
    assert world.job(job).key == world.job(job).rank + SHARE * 4000


def heap(world: World) -> int:
    [queue] = world.cluster.queues
    return len(queue._heap)  # noqa: SLF001 - its growth is what is asked about


def test_a_long_lived_job_does_not_pile_up_in_its_queue() -> None:
    world = World()
    worker = world.join(cpu=4000)
    world.submit(tasks=5_000)
    for _ in range(1_000):
        worker.end()
    assert heap(world) < 200


def test_jobs_that_come_and_go_behind_one_that_waits_leave_nothing() -> None:
    world = World()
    world.submit(need=Need(gpu=GpuNeed(milli=1000)))
    for _ in range(1_000):
        world.step(CancelAsked(job=world.submit(need=Need(gpu=GpuNeed(milli=1000)))))
    assert heap(world) < 200


def test_needs_that_nobody_has_any_more_are_forgotten() -> None:
    world = World()
    worker = world.join(cpu=1000)
    for memory in range(3 * REMEMBERED):
        world.submit(need=Need(memory=memory))
        worker.end()
    assert len(world.cluster.queues) <= REMEMBERED
    assert len(world.cluster.workers[worker.id].slots) <= REMEMBERED


def test_many_kinds_of_needs_may_wait_at_once() -> None:
    world = World()
    jobs = [world.submit(need=Need(memory=memory)) for memory in range(1, 2 * REMEMBERED)]
    assert len(world.cluster.queues) == len(jobs)
    world.step(*(CancelAsked(job=job) for job in jobs))
    assert len(world.cluster.queues) == REMEMBERED


def test_a_queue_remembers_how_long_its_tasks_take_between_jobs(world: AuditedWorld) -> None:
    worker = world.join(cpu=1000)
    for _ in range(2):
        world.submit()
        worker.end(seconds=0.5)
    [queue] = world.cluster.queues
    assert queue.seconds == 0.5


def test_many_ends_weigh_more_than_few(world: AuditedWorld) -> None:
    worker = world.join(cpu=64_000)
    world.submit()
    worker.end(seconds=0.0)
    job = world.submit(tasks=64)
    [queue] = world.cluster.queues
    few = Endings(job=job, indexes=[0], seconds=[1.0])
    world.step(AttemptsEnded(worker=worker.id, endings=few))
    assert queue.seconds == 0.2
    many = Endings(job=job, indexes=range(1, 11), seconds=[1.0] * 10)
    world.step(AttemptsEnded(worker=worker.id, endings=many))
    assert queue.seconds == pytest.approx(0.6)


def test_what_is_not_measured_changes_nothing(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(tasks=2)
    world.step(AttemptsEnded(worker=worker.id, endings=Endings(job=job, indexes=[0])))
    [queue] = world.cluster.queues
    assert queue.seconds < 0


def test_a_job_that_was_cancelled_gives_way(world: AuditedWorld) -> None:
    first = world.submit()
    world.submit()
    world.step(CancelAsked(job=first), JobsSubmitted(specs=[job_spec()]))
    worker = world.join(cpu=1000)
    assert [a.job for a in worker.held] == [JobId(2)]
