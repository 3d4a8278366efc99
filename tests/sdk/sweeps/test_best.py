"""Which trial is the best one: by which number, which way, and what becomes of those that have none."""

import json

import pytest

from paceline.model.errors import UsageError
from paceline.model.ids import JobId, TaskId
from paceline.orders import metric as metrics
from paceline.sdk.sweeps.trials import Trial, best, params_of


def trial(index: int, state: str = "SUCCEEDED", job: int = 3, **numbers: float) -> Trial:
    return Trial(task=TaskId(JobId(job), index), state=state, attempt=1, metrics=numbers)


def order(trials: list[Trial], metric: str, way: metrics.Direction) -> list[str]:
    return [str(each.task) for each in best(trials, metric, way)]


def test_less_is_better_or_more_is() -> None:
    trials = [trial(0, m=2), trial(1, m=1), trial(2, m=3)]
    assert order(trials, "m", "min") == ["3.1", "3.0", "3.2"]
    assert order(trials, "m", "max") == ["3.2", "3.0", "3.1"]


@pytest.mark.parametrize("way", ["min", "max"])
def test_of_equals_the_earlier_one_is_first(way: metrics.Direction) -> None:
    trials = [trial(5, job=4, m=1), trial(10, m=1), trial(2, m=1), trial(0, job=4, m=1)]
    assert order(trials, "m", way) == ["3.2", "3.10", "4.0", "4.5"]


def test_who_has_no_such_number_or_failed_is_left_out() -> None:
    trials = [trial(0), trial(1, "FAILED", m=0), trial(2, "CANCELLED", m=2), trial(3, "RUNNING", m=1), trial(4, n=0)]
    assert order(trials, "m", "min") == ["3.3", "3.2"]
    assert order(trials, "other", "min") == []


@pytest.mark.parametrize("metric", ["loss", "val_loss", "rmse", "test_mae", "validation_log_loss"])
def test_of_these_less_is_better(metric: str) -> None:
    assert metrics.direction(metric, hint="") == "min"


@pytest.mark.parametrize("metric", ["accuracy", "val_accuracy", "r2", "val_r2", "auc", "train_f1"])
def test_of_these_more_is_better(metric: str) -> None:
    assert metrics.direction(metric, hint="") == "max"


def test_of_others_nobody_can_know() -> None:
    with pytest.raises(UsageError, match=r"whether more or less 'speed' is better") as refused:
        metrics.direction("speed", hint="--min or --max")
    assert refused.value.hint == "--min or --max"


def test_the_usual_metric_is_the_first_of_those_there_are() -> None:
    assert metrics.preferred(["epoch", "accuracy", "val_loss"]) == "val_loss"
    assert metrics.preferred(["epoch", "accuracy", "loss"]) == "accuracy"
    with pytest.raises(UsageError, match="say what to judge by") as refused:
        metrics.preferred(["speed", "epoch"])
    assert refused.value.hint == "there are: epoch, speed"
    with pytest.raises(UsageError, match="no trial has reported or returned a number yet"):
        metrics.preferred([])


def test_a_metric_that_nobody_has_is_told_with_the_nearest() -> None:
    assert metrics.missing("val_los", ["val_loss", "epoch"]).hint == "did you mean 'val_loss'?"
    assert metrics.missing("zebra", ["val_loss", "epoch"]).hint == "there are: epoch, val_loss"
    assert "number 'val_los'" in metrics.missing("val_los", []).message


def test_numbers_of_a_result_are_its_metrics_first() -> None:
    said = {"accuracy": 1, "name": "x", "simulated": True, "metrics": {"accuracy": 0.5, "bad": "NaN", "deep": {}}}
    assert metrics.of_result(metrics.members(json.dumps(said).encode())) == {"accuracy": 0.5}


@pytest.mark.parametrize("result", [b"", b"[1]", b"7", b"\x80\x05K\x01.", b"not JSON"])
def test_a_result_that_is_no_object_has_no_numbers(result: bytes) -> None:
    assert metrics.of_result(metrics.members(result)) == {}


@pytest.mark.parametrize(
    ("payload", "params"),
    [
        (b'{"lr": 0.1}', {"lr": 0.1}),
        (b"a.csv", {"entry": "a.csv"}),
        (b"[1, 2]", {"entry": [1, 2]}),
        (b"", {}),
        (b"\x80\x05K\x01.", {}),
    ],
)
def test_parameters_are_what_the_task_was_made_from(payload: bytes, params: dict[str, object]) -> None:
    assert params_of(payload) == params
