"""Which checkpoints count, and which of them stay."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.core.checkpoints import staying
from paceline.model.checkpoint import Best, Checkpoint, Retention
from paceline.model.columns import Attempts
from paceline.model.errors import Conflict
from paceline.model.events import CancelAsked, CheckpointCame
from paceline.model.file import File
from paceline.model.ids import AttemptId, JobId, TaskId, WorkerId
from paceline.model.job import Retry
from paceline.model.records import CheckpointKept, CheckpointsDropped, JobOver
from paceline.model.task import Outcome
from paceline.testing.world import job_spec
from tests.core.audited import AuditedWorld

FILES = (File(name="model", sha256="ab" * 32, bytes=7),)


def checkpoint(step: int, metric: float | None = None, *, index: int = 0, number: int = 1) -> Checkpoint:
    return Checkpoint(attempt=AttemptId(JobId(1), index, number), step=step, metric=metric, files=FILES)


def came(worker: int, made: Checkpoint, *, keep: int = 3, best: Best = "min") -> CheckpointCame:
    return CheckpointCame(worker=WorkerId(worker), checkpoint=made, retention=Retention(keep=keep, best=best))


def steps(world: AuditedWorld, index: int = 0) -> list[int]:
    """Of the checkpoints a task has, oldest first; as the next server would know them."""
    world.restart()
    return [made.step for made in world.cluster.checkpoints.get(JobId(1), {}).get(index, ())]


@pytest.fixture
def world() -> AuditedWorld:
    return AuditedWorld()


# ── which of them stay ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_stay() -> None:
    made = [checkpoint(step) for step in range(10)]
    assert staying(made, Retention(keep=3)) == made[-3:]
    assert staying(made[:2], Retention(keep=3)) == made[:2]


@pytest.mark.parametrize(("best", "stays"), [("min", 1), ("max", 2)])
def test_the_best_stays_besides(best: Best, stays: int) -> None:
    made = [checkpoint(step, metric) for step, metric in enumerate([5.0, 1.0, 9.0, 4.0, 6.0])]
    assert staying(made, Retention(keep=2, best=best)) == [made[stays], *made[-2:]]


def test_of_equally_good_ones_the_latest_stays_and_one_without_a_metric_is_never_the_best() -> None:
    made = [checkpoint(0, 1.0), checkpoint(1, 1.0), checkpoint(2), checkpoint(3)]
    assert staying(made, Retention(keep=1)) == [made[1], made[3]]


@given(
    st.lists(st.none() | st.floats(-9, 9), min_size=1, max_size=12), st.integers(1, 5), st.sampled_from(["min", "max"])
)
def test_as_many_stay_as_asked_and_one_more_at_most(metrics: list[float | None], keep: int, best: Best) -> None:
    made = [checkpoint(step, metric) for step, metric in enumerate(metrics)]
    stay = staying(made, Retention(keep=keep, best=best))
    assert made[-1] is stay[-1]
    assert len(stay) in (min(keep, len(made)), min(keep, len(made)) + 1)
    assert [each.step for each in stay] == sorted({each.step for each in stay})
    rated = [each.metric for each in made if each.metric is not None]
    assert not rated or (min if best == "min" else max)(rated) in {each.metric for each in stay}


def test_staying_again_changes_nothing() -> None:
    made = [checkpoint(step, float(step % 4)) for step in range(9)]
    for keep in range(1, 5):
        stay = staying(made, Retention(keep=keep))
        assert staying(stay, Retention(keep=keep)) == stay


# ── which of them count ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_running_attempt_s_is_kept_and_what_it_makes_superfluous_goes(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit()
    for step in range(3):
        world.ask(came(worker.id, checkpoint(step), keep=2))
    decision = world.step(came(worker.id, checkpoint(3), keep=2))
    kept, dropped = decision.records
    assert kept == CheckpointKept(checkpoint=checkpoint(3), at=world.clock.now())
    assert dropped == CheckpointsDropped(attempts=Attempts(job=JobId(1), indexes=[0], numbers=[1]), steps=[1])
    assert steps(world) == [2, 3]


def test_the_same_step_again_replaces(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit()
    for step in (1, 2, 1):
        world.ask(came(worker.id, checkpoint(step)))
    assert steps(world) == [2, 1]


def test_a_stale_attempt_s_is_refused(world: AuditedWorld) -> None:
    one, other = world.join(), world.join()
    world.submit(replace(job_spec(), retry=Retry(failures=1, base=0.0)))
    holder = world.holder(TaskId(JobId(1), 0))
    assert holder is not None
    stranger = other if holder is one else one
    holder.end(outcome=Outcome.FAILED, code=1)
    for stale in (
        came(holder.id, checkpoint(9, number=1)),
        came(holder.id, checkpoint(9, number=3)),
        came(stranger.id, checkpoint(9, number=1)),
        came(holder.id, replace(checkpoint(9), attempt=AttemptId(JobId(7), 0, 1))),
    ):
        with pytest.raises(Conflict, match=r"attempt \d\.0#\d is not the current one of its task"):
            world.ask(stale)
    assert steps(world) == []


def test_a_later_attempt_goes_on_where_the_earlier_one_stopped(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit(replace(job_spec(), retry=Retry(failures=1, base=0.0)))
    world.ask(came(worker.id, checkpoint(5)))
    worker.end(outcome=Outcome.FAILED, code=1)
    assert steps(world) == [5]
    worker.join()
    world.ask(came(worker.id, checkpoint(1, number=2), keep=2))
    assert steps(world) == [5, 1], "newest is what came last, whatever its step"


def test_one_that_is_being_cancelled_may_leave_a_last_one(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit()
    world.step(CancelAsked(job=JobId(1)))
    world.ask(came(worker.id, checkpoint(5)))
    assert steps(world) == [5]


def test_when_a_job_is_over_nobody_goes_on_from_them(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit(tasks=2)
    for index, step in itertools.product((0, 1), (1, 2)):
        world.ask(came(worker.id, checkpoint(step, index=index)))
    worker.end(AttemptId(JobId(1), 0, 1))
    assert steps(world, 0) == [1, 2], "the job is not over"
    worker.join()
    decision = worker.end()
    [dropped] = [record for record in decision.records if isinstance(record, CheckpointsDropped)]
    assert dropped.attempts == Attempts(job=JobId(1), indexes=[0, 0, 1, 1], numbers=[1, 1, 1, 1])
    assert dropped.steps == [1, 2, 1, 2]
    assert isinstance(decision.records[-1], JobOver)
    assert not world.cluster.checkpoints
    assert not world.tables.checkpoints[JobId(1)]


def test_a_job_without_checkpoints_costs_nothing(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit()
    worker.end()
    assert world.cluster.checkpoints == {}
