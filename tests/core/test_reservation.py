"""Who needs much room at once gets it, however much small work there is."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from paceline.core.reservation import RESERVE
from paceline.model.events import CancelAsked, DrainAsked
from paceline.model.ids import JobId
from paceline.model.resources import GpuNeed, Need
from paceline.testing.hand import Hand
from paceline.testing.world import gpu, job_spec, machine
from tests.core.audited import AuditedWorld

WIDE = Need(cpu=4000)


def crowded(world: AuditedWorld, workers: Sequence[Hand], need: Need = WIDE) -> JobId:
    """Small tasks without end run everywhere; a job that needs more has just come."""
    world.submit(tasks=2000)
    assert all(worker.held for worker in workers)
    return world.submit(replace(job_spec(need=need), priority=5))


def end_one(worker: Hand) -> None:
    worker.end(next(iter(worker.held)))


def wait(world: AuditedWorld, seconds: float = RESERVE) -> None:
    """Let time pass in which everybody is heard of."""
    for _ in range(round(seconds / 10.0)):
        world.clock.advance(10.0)
        for worker in world.hands.values():
            worker.beat()


def test_a_wide_task_waits_a_minute_and_for_what_runs(world: AuditedWorld) -> None:
    worker = world.join(cpu=4000)
    wide = crowded(world, [worker])
    end_one(worker)
    assert len(worker.held) == 4
    wait(world)
    for running in (3, 2, 1):
        end_one(worker)
        assert len(worker.held) == running
    end_one(worker)
    assert [attempt.job for attempt in worker.held] == [wide]
    worker.end()
    assert len(worker.held) == 4


def test_only_one_worker_is_kept_and_it_is_the_least_loaded(world: AuditedWorld) -> None:
    first, second = world.join(cpu=4000), world.join(cpu=4000)
    wide = crowded(world, [first, second])
    wait(world)
    for worker in (second, second, first, second, first, second):
        end_one(worker)
    assert [attempt.job for attempt in second.held] == [wide]
    assert len(first.held) == 4


def test_work_ahead_is_withheld_too(world: AuditedWorld) -> None:
    worker = world.join(cpu=4000)
    world.submit()
    worker.end(seconds=0.001)
    crowded(world, [worker])
    before = len(worker.held)
    assert before > 4
    wait(world)
    worker.end(*list(worker.held)[:10], seconds=0.001)
    assert len(worker.held) == before - 10


def test_who_comes_first_is_not_held_back(world: AuditedWorld) -> None:
    worker = world.join(cpu=4000)
    crowded(world, [worker])
    wait(world)
    urgent = world.submit(replace(job_spec(tasks=9), priority=9))
    end_one(worker)
    assert urgent in {attempt.job for attempt in worker.held}
    assert len(worker.held) == 4


def test_what_is_kept_is_free_again_when_nobody_waits_for_it(world: AuditedWorld) -> None:
    worker = world.join(cpu=4000)
    wide = crowded(world, [worker])
    wait(world)
    end_one(worker)
    world.advance(1.0)
    assert len(worker.held) == 3
    world.step(CancelAsked(job=wide))
    assert len(worker.held) == 4


def test_a_grant_starts_the_wait_anew(world: AuditedWorld) -> None:
    worker = world.join(cpu=4000)
    crowded(world, [worker])
    world.submit(replace(job_spec(need=WIDE), priority=5))
    wait(world)
    assert world.cluster.reserved
    worker.end()
    assert len(worker.held) == 1
    assert world.cluster.reserved is None


def test_a_worker_that_is_drained_is_kept_for_nobody(world: AuditedWorld) -> None:
    first, second = world.join(cpu=4000), world.join(cpu=4000)
    crowded(world, [first, second])
    wait(world)
    end_one(first)
    assert len(first.held) == 3
    world.step(DrainAsked(worker=first.id))
    end_one(second)
    assert len(second.held) == 3


def test_machines_with_devices_are_kept_last(world: AuditedWorld) -> None:
    with_gpu, plain = world.join(cpu=4000, gpus=(gpu(),)), world.join(cpu=4000)
    crowded(world, [with_gpu, plain])
    wait(world)
    end_one(with_gpu)
    end_one(plain)
    assert (len(with_gpu.held), len(plain.held)) == (4, 3)


@pytest.mark.parametrize(
    "need",
    [Need(cpu=4000, gpu=GpuNeed(milli=1000)), Need(cpu=4001), Need(cpu=4000, time=7200.0)],
    ids=["devices", "too large", "too long"],
)
def test_nothing_is_kept_where_it_would_not_help(world: AuditedWorld, need: Need) -> None:
    ends_at = world.clock.now() + 3600.0
    worker = world.introduce(replace(machine(cpu=4000, gpus=(gpu(),)), ends_at=ends_at))
    crowded(world, [worker], need)
    wait(world)
    end_one(worker)
    assert len(worker.held) == 4


def test_nothing_is_kept_from_nobody(world: AuditedWorld) -> None:
    worker = world.join(cpu=1000)
    world.submit(tasks=9)
    wait(world)
    end_one(worker)
    assert world.cluster.reserved is None
