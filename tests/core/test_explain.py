"""Why a task is not running."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.core.explain import CODES, explain_needs, explain_task, never_fits, size, wanted_gpu
from paceline.core.views import task_state
from paceline.grammar.quantity import parse_size
from paceline.model.events import DrainAsked
from paceline.model.ids import JobId, TaskId
from paceline.model.job import Retry
from paceline.model.resources import GpuNeed, Need
from paceline.model.task import Outcome
from paceline.model.views import Explanation
from paceline.model.worker import Machine
from paceline.testing.world import GIB, World, gpu, job_spec, machine
from tests.core.audited import AuditedWorld


def explain(world: World, job: int, index: int = 0) -> Explanation:
    live = world.job(job)
    state = task_state(live, index)
    return explain_task(world.cluster, live, TaskId(JobId(job), index), state, world.clock.now())


def told(world: World, job: int, index: int = 0) -> dict[str, str]:
    """Code → text."""
    return {cause.code: cause.text for cause in explain(world, job, index).causes}


def codes(world: World, need: Need) -> set[str]:
    return {cause.code for cause in explain_needs(world.cluster, (need,), world.clock.now()).causes}


# ── one test per code ───────────────────────────────────────────────────────────────────────────────────────────────


def test_dependency(world: AuditedWorld) -> None:
    world.join(cpu=9000)
    first, second = world.submit(), world.submit()
    job = world.submit(replace(job_spec(), after=(first, second)))
    causes = explain(world, job).causes
    assert [cause.text for cause in causes] == [
        "waits for job 1, which is not over",
        "waits for job 2, which is not over",
    ]
    assert explain(world, job).state == "BLOCKED"


def test_not_before(world: AuditedWorld) -> None:
    world.join()
    job = world.submit(replace(job_spec(), not_before=world.clock.now() + 90.0))
    assert told(world, job) == {"NOT_BEFORE": "may not start for another 90 s"}


def test_backoff(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(replace(job_spec(), retry=Retry(failures=1, base=8.0)))
    worker.end(outcome=Outcome.FAILED)
    assert re.fullmatch(
        r"its next attempt is due in [4-8]\.\d s, after 1 failed and 0 lost", told(world, job)["BACKOFF"]
    )


def test_concurrency_limit(world: AuditedWorld) -> None:
    world.join()
    job = world.submit(replace(job_spec(tasks=3), limit=2))
    assert told(world, job, 2) == {"CONCURRENCY_LIMIT": "2 tasks of its job run, which is the job's limit"}


def test_no_worker_at_all(world: AuditedWorld) -> None:
    job = world.submit()
    assert told(world, job) == {"NO_MATCHING_WORKER_CONNECTED": "no worker is connected"}
    world.join().leave()
    explanation = explain(world, job)
    assert [cause.code for cause in explanation.causes] == ["NO_MATCHING_WORKER_CONNECTED"]
    assert (explanation.nearest, explanation.change) == ("", "")


def test_never_fits_says_what_is_nearest_and_what_to_change(world: AuditedWorld) -> None:
    world.introduce(machine(memory=8 * GIB), "small")
    world.introduce(machine(memory=10 * GIB), "large")
    job = world.submit(need=Need(memory=16 * GIB))
    explanation = explain(world, job)
    assert [cause.text for cause in explanation.causes] == [
        "no connected worker could ever run it: small lacks 8 GiB of memory; large lacks 6 GiB of memory"
    ]
    assert explanation.nearest == "large lacks 6 GiB of memory"
    assert explanation.change == "memory: 10GiB"
    assert never_fits(explanation)


def test_never_fits_names_five_workers_at_most(world: AuditedWorld) -> None:
    for _ in range(7):
        world.join(cpu=1000)
    [text] = told(world, world.submit(need=Need(cpu=2500))).values()
    assert text.count("lacks 1.5 cpus") == 5
    assert text.endswith("; and 2 more workers")


@pytest.mark.parametrize(
    ("need", "nearest", "change"),
    [
        (Need(cpu=9000), "lacks 5 cpus", "cpus: 4"),
        (Need(disk=101 * GIB), "lacks 1 GiB of disk", "disk: 100GiB"),
        (Need(labels=(("zone", "a"),)), "is not labelled zone=a", "no label zone=a"),
        (Need(gpu=GpuNeed(milli=1000)), "has no gpu, wanted 1 × gpu", "no gpu"),
        (Need(gpu=GpuNeed(milli=500, models=("H100", "A100"))), "has no gpu, wanted 0.5 × H100 or A100", "no gpu"),
        (Need(gpu=GpuNeed(milli=1000, memory=40 * GIB)), "has no gpu, wanted 1 × gpu with 40 GiB", "no gpu"),
        (Need(cpu=5000, memory=17 * GIB), "lacks 1 GiB of memory and lacks 1 cpus", "memory: 16GiB, cpus: 4"),
    ],
)
def test_every_shortfall_has_its_words(world: AuditedWorld, need: Need, nearest: str, change: str) -> None:
    world.join()
    explanation = explain(world, world.submit(need=need))
    assert [cause.code for cause in explanation.causes] == ["NEVER_FITS"]
    assert (explanation.nearest, explanation.change) == (f"w1 {nearest}", change)


def test_the_wrong_device_is_named(world: AuditedWorld) -> None:
    world.join(gpus=(gpu("T4"), gpu("A100")))
    need = Need(gpu=GpuNeed(milli=1000, vendor="amd"))
    assert explain(world, world.submit(need=need)).nearest == "w1 has A100, T4, wanted 1 × amd gpu"
    assert wanted_gpu(Need()) == ""


def test_env_incompatible(world: AuditedWorld) -> None:
    world.introduce(replace(machine(), features=("python3.11",)))
    job = world.submit(need=Need(features=("python3.11", "train.torch")))
    explanation = explain(world, job)
    assert told(world, job) == {"ENV_INCOMPATIBLE": "no connected worker offers train.torch"}
    assert explanation.change == "a worker with train.torch"
    assert never_fits(explanation)


def test_walltime_too_short(world: AuditedWorld) -> None:
    world.introduce(replace(machine(), ends_at=world.clock.now() + 60.0), "batch")
    job = world.submit(need=Need(time=3600.0))
    assert told(world, job) == {"WALLTIME_TOO_SHORT": "batch will be gone before it has had the 3600 s it asks for"}
    assert not never_fits(explain(world, job))


def test_busy(world: AuditedWorld) -> None:
    world.join(cpu=2000)
    world.submit(tasks=9)
    assert told(world, 1, 8) == {"BUSY": "w1 could run it, but what it needs is taken by 1.0, 1.1"}


def test_busy_names_five_of_each_at_most(world: AuditedWorld) -> None:
    for _ in range(7):
        world.join(cpu=2000)
    world.submit(tasks=99)
    text = told(world, 1, 98)["BUSY"]
    assert text.startswith("w1, w2, w3, w4, w5 and 2 more could run it")
    assert text.endswith(" …")


def test_fragmented(world: AuditedWorld) -> None:
    for _ in range(2):
        world.join(cpu=4000)
    world.submit(tasks=2, need=Need(cpu=2500))
    job = world.submit(need=Need(cpu=3000))
    assert told(world, job)["FRAGMENTED"] == "enough is free in total (3 cpus), but on no single worker"


def test_what_is_short_of_memory_is_not_fragmented(world: AuditedWorld) -> None:
    for _ in range(2):
        world.join(cpu=4000)
    world.submit(tasks=2, need=Need(cpu=1000, memory=12 * GIB))
    assert set(told(world, world.submit(need=Need(cpu=1000, memory=8 * GIB)))) == {"BUSY"}


def test_draining_and_away(world: AuditedWorld) -> None:
    draining, away = world.join("d"), world.join("a")
    world.step(DrainAsked(worker=draining.id))
    away.lose_link()
    assert told(world, world.submit()) == {
        "WORKER_DRAINING": "d could run it, but is draining (drain asked)",
        "WORKER_AWAY": "a could run it, but has lost its connection",
    }


def test_between_submit_and_placement_it_is_somebodys_turn() -> None:
    world = World()
    first, second = world.submit(), world.submit()
    world.join()
    for number in (first, second):
        world.job(number).live[0].worker.held.clear()
        world.job(number).live.clear()
        world.job(number).waiting.put_back(0)
        world.job(number).queue.push(world.job(number))
    world.cluster.workers[world.hands[next(iter(world.hands))].id].cpu = 4000
    assert told(world, first) == {"SCHEDULER_BEHIND": "nothing holds it back: it is about to be placed"}
    assert told(world, second) == {
        "HIGHER_PRIORITY_FIRST": "it is not its turn: job 1 comes first, 1 ahead of it in all"
    }


def test_what_is_kept_free_for_another_job_is_said(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    small = world.submit(tasks=99)
    wide = world.submit(replace(job_spec(need=Need(cpu=2000)), priority=5))
    world.clock.advance(60.0)
    worker.beat()
    worker.end(*list(worker.held)[:1])
    assert told(world, small, 98) == {"RESERVED_FOR": f"worker w1 is kept free for job {wide}, which has waited longer"}
    assert set(told(world, wide)) == {"BUSY"}
    worker.end()
    assert set(told(world, small, 98)) == {"BUSY"}


def test_all_causes_are_told_at_once(world: AuditedWorld) -> None:
    world.join(cpu=1000)
    first = world.submit()
    spec = replace(job_spec(), after=(first,), not_before=world.clock.now() + 5.0)
    assert set(told(world, world.submit(spec))) == {"DEPENDENCY", "NOT_BEFORE", "BUSY"}


def test_one_alternative_that_fits_is_enough(world: AuditedWorld) -> None:
    world.join()
    now = world.clock.now()
    assert explain_needs(world.cluster, (Need(cpu=9000), Need()), now).causes == ()
    assert not never_fits(explain_needs(world.cluster, (Need(),), now))
    world.submit(tasks=4)
    mixed = explain_needs(world.cluster, (Need(cpu=9000), Need()), now)
    assert [cause.code for cause in mixed.causes] == ["NEVER_FITS", "BUSY"]
    assert not never_fits(mixed)


def test_every_code_is_told_by_a_test_of_this_file() -> None:
    text = Path(__file__).read_text()
    assert [code for code in CODES if f'"{code}"' not in text] == []


# ── the suggested change really helps ───────────────────────────────────────────────────────────────────────────────

MACHINES = st.builds(
    lambda cpu, memory, disk, gpus, labels, features: replace(
        machine(cpu=cpu, memory=memory, disk=disk, gpus=gpus), labels=tuple(labels), features=tuple(features)
    ),
    st.integers(100, 1_000_000),
    st.integers(0, 1 << 44),
    st.integers(0, 1 << 44),
    st.lists(st.builds(gpu, st.sampled_from(["A100", "T4"])), max_size=2),
    st.sets(st.tuples(st.just("zone"), st.sampled_from("ab")), max_size=1),
    st.sets(st.sampled_from(["python3.11", "train.torch"])),
)
NEEDS = st.builds(
    Need,
    cpu=st.integers(0, 2_000_000),
    memory=st.just(0) | st.integers(0, 1 << 45),
    disk=st.just(0) | st.integers(0, 1 << 45),
    gpu=st.none() | st.builds(GpuNeed, milli=st.sampled_from([500, 1000, 3000]), models=st.sampled_from([(), ("T4",)])),
    labels=st.sampled_from([(), (("zone", "a"),), (("zone", "a"), ("zone", "b"))]),
    features=st.sampled_from([(), ("python3.11",), ("python3.11", "train.torch")]),
)


def changed(need: Need, change: str) -> Need:
    """The request, changed as suggested."""
    for part in change.split(", ") if change else ():
        word, _, value = part.partition(": ")
        if word == "cpus":
            need = replace(need, cpu=round(float(value) * 1000))
        elif word == "memory":
            need = replace(need, memory=parse_size(value))
        elif word == "disk":
            need = replace(need, disk=parse_size(value))
        elif part == "no gpu":
            need = replace(need, gpu=None)
        elif part.startswith("no label "):
            key, _, wanted = part.removeprefix("no label ").partition("=")
            need = replace(need, labels=tuple(pair for pair in need.labels if pair != (key, wanted)))
        else:
            feature = part.removeprefix("a worker with ")
            need = replace(need, features=tuple(name for name in need.features if name != feature))
    return need


@given(st.lists(MACHINES, min_size=1, max_size=3), st.lists(NEEDS, min_size=1, max_size=2))
def test_the_suggested_change_makes_it_fit(machines: Sequence[Machine], needs: Sequence[Need]) -> None:
    world = World()
    for found in machines:
        world.introduce(found)
    explanation = explain_needs(world.cluster, needs, world.clock.now())
    if never_fits(explanation):
        assert explanation.change
        better = [changed(need, explanation.change) for need in needs]
        assert not never_fits(explain_needs(world.cluster, better, world.clock.now())), explanation
    else:
        assert any(codes(world, need) == set() for need in needs)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (10 << 30, "10 GiB"),
        ((6 << 40) - 1, "5.9 TiB"),
    ],
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert size(count) == text


@given(st.integers(0, 1 << 50))
def test_a_size_is_never_rounded_up(count: int) -> None:
    assert parse_size(size(count).replace(" ", "")) <= count
