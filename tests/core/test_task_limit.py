"""A worker that takes so many tasks at once, however little they need."""

from dataclasses import replace

from paceline.core.explain import explain_needs
from paceline.model.resources import Need
from paceline.model.worker import Machine
from paceline.testing.world import machine
from tests.core.audited import AuditedWorld


def limited(tasks: int, *, cpu: int = 8000) -> Machine:
    found = machine(cpu=cpu)
    return replace(found, capacity=replace(found.capacity, tasks=tasks))


def test_it_is_given_no_more_than_that(world: AuditedWorld) -> None:
    worker = world.introduce(limited(3))
    world.submit(tasks=10, need=Need(cpu=100))
    assert len(worker.held) == 3
    worker.end(*list(worker.held)[:1])
    assert len(worker.held) == 3


def test_what_needs_nothing_counts_too(world: AuditedWorld) -> None:
    worker = world.introduce(limited(2))
    world.submit(tasks=5, need=Need(cpu=0))
    assert len(worker.held) == 2


def test_processors_bound_it_as_well(world: AuditedWorld) -> None:
    worker = world.introduce(limited(5, cpu=2000))
    world.submit(tasks=5)
    assert len(worker.held) == 2


def test_nothing_waits_in_its_hand(world: AuditedWorld) -> None:
    """Others get work ahead once tasks are known to be short."""
    worker, other = world.introduce(limited(2)), world.join(cpu=2000)
    world.submit(tasks=5000)
    for _ in range(3):
        other.end(seconds=0.001)
        worker.end(seconds=0.001)
    assert len(other.held) > 2
    assert len(worker.held) == 2


def test_explain_says_who_holds_the_places(world: AuditedWorld) -> None:
    world.introduce(limited(1))
    job = world.submit(tasks=2)
    told = explain_needs(world.cluster, world.job(job).spec.needs, world.clock.now())
    assert [cause.code for cause in told.causes] == ["BUSY"]
    assert f"{job}.0" in told.causes[0].text


def test_a_restart_remembers(world: AuditedWorld) -> None:
    worker = world.introduce(limited(2))
    world.submit(tasks=5, need=Need(cpu=10))
    world.restart()
    worker.join()
    assert len(worker.held) == 2
