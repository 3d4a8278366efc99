"""What a worker has run, in numbers: what counts as what, and for how long it is remembered."""

import json
import math

import pytest

from paceline.agent.frames import Shape
from paceline.agent.tally import JOBS, STAY, TASKS, Sort, loss, verdict
from paceline.agent.words import Granted
from paceline.executor import Holds, Progress
from paceline.metering import Fading, Histogram
from paceline.model.decision import Drop
from paceline.model.ids import JobId, TaskId
from paceline.model.job import Spec
from paceline.model.resources import Need
from paceline.model.task import Outcome
from tests.agent.world import World, attempts, program


def training(kind: str, **params: object) -> Shape:
    return Shape(Spec(kind=kind, body=json.dumps(params).encode()), Need(cpu=1000))


def report(world: World, key: str, step: int = 1, **values: object) -> None:
    world.hear(Progress(key=key, step=step, values=json.dumps(values)))


# ── what counts as what ─────────────────────────────────────────────────────────────────────────────────────────────


def test_every_end_is_counted_by_kind_and_outcome() -> None:
    world = World()
    world.grant(program(), 0, 1)
    world.end("1.0#1")
    world.end("1.1#1", outcome="OOM")
    assert world.worker.tally.ends == {
        (Sort("command", "command"), "SUCCEEDED"): 1,
        (Sort("command", "command"), "OOM"): 1,
    }


@pytest.mark.parametrize(
    ("shape", "payload", "sort"),
    [
        (training("train", model="xgboost"), b"", Sort("train", "xgboost")),
        (training("train"), b"", Sort("train", "random_forest")),
        (training("train", model="xgboost"), b'{"model": "neural_network"}', Sort("train", "neural_network")),
        (training("train", model="xgboost"), b"no object", Sort("train", "xgboost")),
        (training("simulate", model="xgboost"), b"", Sort("simulate", "simulated_xgboost")),
        (training("simulate"), b"", Sort("simulate", "simulated_neural_network")),
    ],
)
def test_a_training_is_counted_by_its_model(shape: Shape, payload: bytes, sort: Sort) -> None:
    world = World()
    world.grant(shape, 0, payloads=[payload] if payload else [])
    world.end("1.0#1")
    assert list(world.worker.tally.ends) == [(sort, "SUCCEEDED")]


@pytest.mark.parametrize(
    ("shape", "payload", "sort"),
    [
        (training("train", model="x" * 1_000_000), b"", Sort("train", "unknown")),
        (training("train"), b'{"model": "resnet50"}', Sort("train", "unknown")),
        (training("train", model=["xgboost"]), b"", Sort("train", "unknown")),
        (training("simulate", model="resnet50"), b"", Sort("simulate", "simulated_unknown")),
        (training("x" * 1_000_000), b"", Sort("unknown", "unknown")),
        (training(""), b"", Sort("unknown", "unknown")),
    ],
)
def test_whatever_somebody_asks_for_a_label_is_a_known_word(shape: Shape, payload: bytes, sort: Sort) -> None:
    world = World()
    world.grant(shape, 0, payloads=[payload] if payload else [])
    world.end("1.0#1")
    assert list(world.worker.tally.ends) == [(sort, "SUCCEEDED")]


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome.SUCCEEDED, "completed"),
        (Outcome.FAILED, "failed"),
        (Outcome.TIMEOUT, "failed"),
        (Outcome.LOST, "failed"),
        (Outcome.CANCELLED, "cancelled"),
        (Outcome.RETURNED, ""),
        (Outcome.INTERRUPTED, ""),
        (Outcome.REQUEUED, ""),
        ("WORD_OF_A_NEWER_SUPERVISOR", "failed"),
    ],
)
def test_a_task_that_goes_on_elsewhere_has_not_ended(outcome: str, word: str) -> None:
    assert verdict(outcome) == word


def test_what_vanished_is_counted_too() -> None:
    world = World()
    world.grant(program(), 0)
    world.hear(Holds(pid=99, keys=[]))
    assert world.worker.tally.ends == {(Sort("command", "command"), "LOST"): 1}


def test_durations_are_kept_by_kind_and_by_job() -> None:
    world = World()
    world.grant(program(), 0)
    world.end("1.0#1")
    tally = world.worker.tally
    assert tally.kinds["command"].total == 1.0
    assert [(key, took.count) for key, took in tally.jobs.items(world.now)] == [(("command", JobId(1)), 1)]


# ── for how long it is remembered ───────────────────────────────────────────────────────────────────────────────────


def test_a_loss_stays_while_its_task_runs_and_ten_minutes_after() -> None:
    world = World()
    world.grant(program(), 0)
    report(world, "1.0#1", loss=0.7)
    report(world, "1.0#1", step=2, loss=0.5)
    report(world, "1.0#1", step=3, rows=10)  # says nothing of a loss
    losses = world.worker.tally.losses
    assert [(task, loss(values)) for task, values in losses.items(world.now + 1e6)] == [(TaskId(JobId(1), 0), 0.5)]
    world.end("1.0#1")
    assert losses.items(world.now + STAY - 1)
    assert not losses.items(world.now + STAY + 1)


def test_a_task_that_is_not_ours_any_more_is_forgotten_in_time() -> None:
    world = World()
    world.grant(program(), 0)
    report(world, "1.0#1", loss=0.7)
    world.hear(Drop(attempts=attempts(0)))
    world.end("1.0#1")
    assert not world.worker.tally.ends
    assert not world.worker.tally.losses.items(world.now + STAY + 1)


def test_jobs_and_tasks_are_bounded_the_oldest_go() -> None:
    world = World()
    for job in range(1, JOBS + 3):
        world.hear(Granted(shape=program(), attempts=attempts(0, job=job)))
        report(world, f"{job}.0#1", loss=1.0)
        world.end(f"{job}.0#1")
    tally = world.worker.tally
    kept = [job for (_, job), _ in tally.jobs.items(world.now)]
    assert kept == list(range(3, JOBS + 3))
    for index in range(TASKS + 5):
        tally.losses.hold(TaskId(JobId(7), index), "{}")
    assert len(tally.losses) == TASKS


@pytest.mark.parametrize("values", ['{"loss": "NaN"}', '{"loss": [1]}', "{}", "torn {", '{"loss": null}'])
def test_a_loss_that_is_no_number_is_none(values: str) -> None:
    assert math.isnan(loss(values))


def test_buckets_are_cumulative() -> None:
    histogram = Histogram((1.0, 2.0))
    histogram.add([0.5, 1.0, 1.5, 9.0])
    assert histogram.buckets() == [("1.0", 2.0), ("2.0", 3.0), ("+Inf", 4.0)]
    assert (histogram.count, histogram.total) == (4, 12.0)


def test_what_is_touched_stays_and_what_is_not_goes() -> None:
    fading: Fading[str, list[int]] = Fading(list, most=2, seconds=10.0)
    fading.touch("a", 0.0).append(1)
    fading.touch("b", 1.0)
    fading.touch("a", 2.0).append(2)
    fading.touch("c", 3.0)
    assert fading.items(11.0) == [("a", [1, 2]), ("c", [])]
    assert fading.items(12.5) == [("c", [])]
