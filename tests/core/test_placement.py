"""Which waiting tasks go to which workers."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.core.queue import AHEAD, DAY
from paceline.model.decision import Grant
from paceline.model.events import CancelAsked, DrainAsked, JobsSubmitted
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import Retry
from paceline.model.resources import Gpu, GpuNeed, Need
from paceline.model.task import Outcome, TaskState
from paceline.testing.hand import Hand
from paceline.testing.world import GIB, World, gpu, job_spec, machine
from tests.core.audited import AuditedWorld


def attempt(job: int, index: int = 0, number: int = 1) -> AttemptId:
    return AttemptId(JobId(job), index, number)


def held(*workers: Hand) -> list[int]:
    return [len(worker.held) for worker in workers]


# ── who ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_work_spreads_evenly_from_the_least_loaded_on(world: AuditedWorld) -> None:
    workers = [world.join(cpu=4000) for _ in range(3)]
    world.submit(tasks=3)
    assert held(*workers) == [1, 1, 1]
    world.submit(tasks=4)
    assert sorted(held(*workers)) == [2, 2, 3]
    world.submit(tasks=100)
    assert held(*workers) == [4, 4, 4]


def test_machines_with_devices_are_for_those_who_ask_for_them(world: AuditedWorld) -> None:
    with_gpu = world.join(cpu=8000, gpus=(gpu(),))
    plain = world.join(cpu=2000)
    world.submit(tasks=2)
    assert held(with_gpu, plain) == [1, 1] or held(with_gpu, plain) == [0, 2]
    world.submit(tasks=3)
    assert held(with_gpu, plain) == [3, 2]


@pytest.mark.parametrize(
    ("need", "fits"),
    [
        (Need(cpu=4000), True),
        (Need(cpu=4001), False),
        (Need(memory=16 * GIB), True),
        (Need(memory=16 * GIB + 1), False),
        (Need(disk=100 * GIB), True),
        (Need(disk=100 * GIB + 1), False),
        (Need(labels=(("zone", "a"),)), True),
        (Need(labels=(("zone", "b"),)), False),
        (Need(labels=(("zone", "a"), ("disk", "ssd"))), False),
        (Need(features=("python3.11",)), True),
        (Need(features=("python3.11", "train.torch")), False),
        (Need(time=60.0), True),
        (Need(time=61.0), False),
        (Need(cpu=0), True),
        (Need(gpu=GpuNeed(milli=1000)), True),
        (Need(gpu=GpuNeed(milli=2000)), True),
        (Need(gpu=GpuNeed(milli=2001)), False),
        (Need(gpu=GpuNeed(milli=500, models=("A100",))), True),
        (Need(gpu=GpuNeed(milli=1000, models=("H100", "A100"))), True),
        (Need(gpu=GpuNeed(milli=2000, models=("A100",))), False),
        (Need(gpu=GpuNeed(milli=1000, vendor="amd")), False),
        (Need(gpu=GpuNeed(milli=1000, memory=80 * GIB)), True),
        (Need(gpu=GpuNeed(milli=1000, memory=81 * GIB)), False),
        (Need(gpu=GpuNeed(milli=1000, memory_max=16 * GIB)), True),
        (Need(gpu=GpuNeed(milli=1000, memory_max=15 * GIB)), False),
    ],
)
def test_a_task_goes_only_where_it_fits(world: AuditedWorld, need: Need, fits: bool) -> None:  # noqa: FBT001 - cases
    found = replace(
        machine(gpus=(gpu("T4", memory=16 * GIB), gpu("A100-SXM4-80GB", memory=80 * GIB))),
        labels=(("zone", "a"),),
        features=("python3.11",),
        ends_at=world.clock.now() + 60.0,
    )
    worker = world.introduce(found)
    world.submit(need=need)
    assert bool(worker.held) is fits


def test_the_first_alternative_that_is_free_is_taken(world: AuditedWorld) -> None:
    worker = world.join(gpus=(gpu(),))
    needs = (Need(gpu=GpuNeed(milli=1000)), Need(cpu=2000))
    world.submit(replace(job_spec(tasks=4), needs=needs))
    grants = [message for message in worker.take() if isinstance(message, Grant)]
    assert [(grant.need, len(grant.attempts.indexes)) for grant in grants] == [(needs[0], 1), (needs[1], 1)]
    worker.end()
    assert held(worker) == [2]


def test_an_alternative_is_found_again_after_a_restart(world: AuditedWorld) -> None:
    worker = world.join(cpu=4000)
    needs = (Need(gpu=GpuNeed(milli=1000)), Need(cpu=2000))
    job = world.submit(replace(job_spec(), needs=needs))
    world.restart()
    assert world.job(job).live[0].need == needs[1]
    worker.join()
    worker.end()
    assert world.cluster.workers[worker.id].cpu == 4000


def test_what_suits_no_worker_any_more_is_still_held_after_a_restart(world: AuditedWorld) -> None:
    worker = world.join(cpu=4000)
    job = world.submit(need=Need(cpu=4000))
    worker.machine = machine(cpu=1000)
    worker.join()
    world.restart()
    assert world.job(job).live[0].need == Need(cpu=4000)


# ── devices ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_shares_fill_one_device_before_they_break_into_another(world: AuditedWorld) -> None:
    worker = world.join(cpu=16_000, gpus=(gpu(number=0), gpu(number=1)))
    world.submit(tasks=2, need=Need(gpu=GpuNeed(milli=400)))
    assert world.cluster.workers[worker.id].gpus == [200, 1000]
    world.submit(need=Need(gpu=GpuNeed(milli=1000)))
    assert world.cluster.workers[worker.id].gpus == [200, 0]
    assert held(worker) == [3]
    worker.end()
    assert world.cluster.workers[worker.id].gpus == [1000, 1000]


def test_a_share_never_spans_two_devices(world: AuditedWorld) -> None:
    worker = world.join(cpu=16_000, gpus=(gpu(number=0), gpu(number=1)))
    world.submit(tasks=9, need=Need(gpu=GpuNeed(milli=600)))
    assert held(worker) == [2]


def test_one_and_a_half_devices_are_two(world: AuditedWorld) -> None:
    worker = world.join(gpus=[gpu(number=n) for n in range(3)])
    world.submit(tasks=2, need=Need(gpu=GpuNeed(milli=1500)))
    assert held(worker) == [1]
    assert sorted(world.cluster.workers[worker.id].gpus) == [0, 0, 1000]


GPUS = st.lists(
    st.builds(gpu, st.sampled_from(["A100", "T4"]), memory=st.sampled_from([16 * GIB, 80 * GIB])), max_size=4
)
NEEDS = st.builds(
    Need,
    cpu=st.integers(0, 3000),
    memory=st.integers(0, 9) | st.just(0),
    gpu=st.none()
    | st.builds(GpuNeed, milli=st.sampled_from([100, 300, 500, 1000, 2000]), models=st.sampled_from([(), ("T4",)])),
)


@given(
    st.lists(st.tuples(st.integers(500, 8000), GPUS), min_size=1, max_size=3), st.lists(NEEDS, max_size=6), st.data()
)
def test_no_machine_is_ever_booked_beyond_what_it_has(
    machines: list[tuple[int, Sequence[Gpu]]], needs: list[Need], data: st.DataObject
) -> None:
    world = World()
    workers = [world.introduce(machine(cpu=cpu, memory=20, gpus=gpus)) for cpu, gpus in machines]
    for need in needs:
        world.submit(replace(job_spec(tasks=data.draw(st.integers(1, 5)), need=need), limit=40))
        worker = data.draw(st.sampled_from(workers))
        if worker.held:
            worker.end(*data.draw(st.lists(st.sampled_from(sorted(worker.held)), min_size=1, unique=True)))
    for known in world.cluster.workers.values():
        assert known.cpu >= 0
        assert known.memory >= 0
    while any(worker.held for worker in workers):
        for worker in workers:
            worker.end()
    for known in world.cluster.workers.values():
        assert (known.cpu, known.memory) == (known.capacity.cpu, 20)
        assert set(known.gpus) <= {1000}


# ── in what order ───────────────────────────────────────────────────────────────────────────────────────────────────


def order(world: AuditedWorld, worker: Hand, tasks: int) -> list[int]:
    """Jobs in the order in which one processor gets to their tasks."""
    jobs = []
    for _ in range(tasks):
        [held] = worker.held
        jobs.append(int(held.job))
        worker.end()
    return jobs


def test_first_come_first_served(world: AuditedWorld) -> None:
    for _ in range(3):
        world.submit()
        world.advance(1.0)
    assert order(world, world.join(cpu=1000), 3) == [1, 2, 3]


def test_priority_goes_first(world: AuditedWorld) -> None:
    for priority in (0, 2, 1, -1):
        world.submit(replace(job_spec(), priority=priority))
    assert order(world, world.join(cpu=1000), 4) == [2, 3, 1, 4]


def test_a_step_of_priority_is_worth_a_day_of_waiting(world: AuditedWorld) -> None:
    world.submit(replace(job_spec(), priority=0))
    world.advance(DAY - 1.0)
    world.submit(replace(job_spec(), priority=1))
    world.advance(2.0)
    world.submit(replace(job_spec(), priority=1))
    assert order(world, world.join(cpu=1000), 3) == [2, 1, 3]


def test_a_deadline_goes_first_when_it_comes_near(world: AuditedWorld) -> None:
    now = world.clock.now()
    world.submit(job_spec())
    world.submit(replace(job_spec(), deadline=now + 2 * DAY))
    world.submit(replace(job_spec(), deadline=now + 3600.0))
    assert order(world, world.join(cpu=1000), 3) == [3, 1, 2]


def test_two_arrays_submitted_together_share_the_fleet(world: AuditedWorld) -> None:
    first, second = world.submit_all(job_spec("a", tasks=500), job_spec("b", tasks=500))
    world.join(cpu=20_000)
    busy = [len(world.job(job).live) for job in (first, second)]
    assert sum(busy) == 20
    assert max(busy) - min(busy) <= 20
    worker = world.hands[next(iter(world.hands))]
    for _ in range(40):
        worker.end(next(iter(worker.held)))
    busy = [len(world.job(job).live) for job in (first, second)]
    assert abs(busy[0] - busy[1]) <= 1


def test_whatever_asks_for_other_things_keeps_its_place(world: AuditedWorld) -> None:
    world.submit(replace(job_spec(need=Need(cpu=1000)), priority=0))
    world.submit(replace(job_spec(need=Need(cpu=500)), priority=1))
    assert order(world, world.join(cpu=1000), 2) == [2, 1]


def test_a_limit_is_kept(world: AuditedWorld) -> None:
    worker = world.join(cpu=8000)
    job = world.submit(replace(job_spec(tasks=20), limit=3, retry=Retry(failures=1, base=5.0)))
    assert held(worker) == [3]
    worker.end(attempt(job, 0), outcome=Outcome.FAILED)
    assert held(worker) == [3]
    world.advance(10.0)
    worker.beat()
    for _ in range(20):
        assert len(worker.held) <= 3
        worker.end()
    assert world.counts(job) == {TaskState.SUCCEEDED: 20}


def test_a_limited_job_does_not_hold_up_others_like_it(world: AuditedWorld) -> None:
    worker = world.join(cpu=4000)
    world.submit(replace(job_spec(tasks=9), limit=1))
    world.submit(tasks=9)
    assert sorted(int(a.job) for a in worker.held) == [1, 2, 2, 2]


# ── asking only where something changed ─────────────────────────────────────────────────────────────────────────────


def test_room_made_by_any_event_is_found(world: AuditedWorld) -> None:
    first, second = world.join(cpu=1000), world.join(cpu=1000)
    running = world.submit(tasks=2)
    waiting = world.submit(tasks=9)
    assert world.advance(0.0).messages == []
    first.end()
    assert [a.job for a in first.held] == [waiting]
    third = world.join(cpu=1000)
    assert held(third) == [1]
    world.step(CancelAsked(job=running))
    second.end(outcome=Outcome.CANCELLED)
    assert [a.job for a in second.held] == [waiting]
    world.step(DrainAsked(worker=third.id))
    third.end()
    assert held(third) == [0]
    world.step(DrainAsked(worker=third.id, resume=True))
    assert held(third) == [1]


def test_a_full_fleet_is_not_asked_again(world: AuditedWorld) -> None:
    worker = world.join(cpu=1000)
    world.submit(tasks=5)
    assert all(queue.stuck for queue in world.cluster.queues)
    world.submit(tasks=5)
    assert held(worker) == [1]
    worker.end()
    assert held(worker) == [1]


def test_room_that_nobody_wanted_is_found_by_who_comes_later(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    world.submit(need=Need(cpu=2000))
    world.submit(need=Need(cpu=2000))
    worker.end()
    worker.end()
    world.submit(need=Need(cpu=2000))
    assert held(worker) == [1]


# ── ahead of capacity ───────────────────────────────────────────────────────────────────────────────────────────────


def short_tasks(world: AuditedWorld, worker: Hand, count: int, seconds: float = 0.001) -> JobId:
    """A job whose tasks are known to be short."""
    world.submit(tasks=1)
    worker.end(seconds=seconds)
    return world.submit(tasks=count)


def test_short_tasks_are_handed_out_ahead(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    job = short_tasks(world, worker, 10_000)
    [queue] = world.cluster.queues
    window = queue.prefetch(2)
    assert window > 0
    assert held(worker) == [2 + window]
    known = world.cluster.workers[worker.id]
    assert (known.cpu, sum(known.ahead.values())) == (0, window)
    worker.end(*list(worker.held)[:10], seconds=0.001)
    assert held(worker) == [2 + window]
    world.step(CancelAsked(job=job))
    worker.end(outcome=Outcome.CANCELLED)
    assert (known.cpu, known.ahead) == (2000, {})


@pytest.mark.parametrize("seconds", [AHEAD, 1.0, -1.0, float("nan"), float("inf")])
def test_nothing_else_is_handed_out_ahead(world: AuditedWorld, seconds: float) -> None:
    worker = world.join(cpu=2000)
    short_tasks(world, worker, 100, seconds)
    assert held(worker) == [2]


def test_nonsense_teaches_nothing(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    short_tasks(world, worker, 10_000)
    before = held(worker)
    for seconds in (-1.0, float("nan"), float("inf")):
        worker.end(next(iter(worker.held)), seconds=seconds)
        assert held(worker) == before


def test_what_is_given_back_unbegun_says_that_tasks_are_not_short(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    short_tasks(world, worker, 10_000)
    worker.end(*list(worker.held)[2:], outcome=Outcome.RETURNED)
    assert held(worker) == [2]


def test_a_lost_worker_says_nothing_about_how_long_tasks_take(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    short_tasks(world, worker, 10_000)
    before = held(worker)
    worker.crash()
    worker.join()
    assert held(worker) == before


@pytest.mark.parametrize("need", [Need(cpu=1000, time=10.0), Need(cpu=100, gpu=GpuNeed(milli=500))])
def test_devices_and_time_are_never_promised_ahead(world: AuditedWorld, need: Need) -> None:
    worker = world.join(cpu=2000, gpus=(gpu(),))
    world.submit(need=need)
    worker.end(seconds=0.001)
    world.submit(tasks=100, need=need)
    assert held(worker) == [2]


def test_a_new_connection_gives_no_second_helping(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    short_tasks(world, worker, 10_000)
    before = held(worker)
    for _ in range(5):
        worker.lose_link()
        worker.join()
    assert held(worker) == before


def test_what_waits_in_a_hand_that_died_is_not_inherited(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    short_tasks(world, worker, 10_000)
    running = list(worker.held)[:2]
    worker.lose_link()
    worker.held = dict.fromkeys(running, b"")
    worker.join()
    known = world.cluster.workers[worker.id]
    assert known.cpu == 0
    assert len(known.held) == len(worker.held)


def test_hands_are_filled_evenly(world: AuditedWorld) -> None:
    first, second = world.join(cpu=2000), world.join(cpu=2000)
    world.submit()
    (first if first.held else second).end(seconds=0.001)
    world.submit(tasks=24)
    assert held(first, second) == [12, 12]


def test_grants_carry_what_each_task_gets(world: AuditedWorld) -> None:
    decision = world.step(JobsSubmitted(specs=[job_spec(tasks=3)], payloads=[[b"a", b"b", b"c"]]))
    assert decision.messages == []
    worker = world.join(cpu=2000)
    assert worker.held == {attempt(1, 0): b"a", attempt(1, 1): b"b"}
    worker.end(attempt(1, 0), outcome=Outcome.RETURNED)
    assert worker.held == {attempt(1, 1): b"b", attempt(1, 0, 2): b"a"}
