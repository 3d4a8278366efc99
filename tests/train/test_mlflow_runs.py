"""MLflow's runs of attempts, in a store of files."""

from pathlib import Path
from typing import Any

import pytest

from paceline.model.views import TaskView
from paceline.train.mlflow_runs import BATCH, Point, Runs, status

pytestmark = pytest.mark.filterwarnings("ignore")  # of a library's own

NOW = 4_000_000_000.0  # after every run of this test was made


@pytest.fixture
def uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return f"file://{tmp_path}/runs"


def seen(uri: str, run: str) -> Any:
    """The run, as MLflow's own client shows it."""
    from mlflow import MlflowClient  # noqa: PLC0415 - an extra, and a second to load

    return MlflowClient(tracking_uri=uri).get_run(run)


def points(*losses: float) -> list[Point]:
    return [Point(step=step, at=1000.0 + step, values={"loss": loss}) for step, loss in enumerate(losses)]


def view(state: str = "FAILED", outcome: str = "OOM") -> TaskView:
    return TaskView(
        job=3, index=17, state=state, attempt=2, worker="w1", outcome=outcome, detail="9 of 8 GiB", ended_at=NOW
    )


def test_a_run_is_found_again_by_whoever_looks(uri: str) -> None:
    run = Runs(uri, "digits", since=0.0).ensure("3.17", 2)
    again = Runs(uri, "digits", since=0.0)
    assert again.ensure("3.17", 2) == again.find("3.17", 2) == run
    assert again.find("3.17", 1) == ""
    assert again.find("3.1", 2) == ""
    made = seen(uri, run)
    tags = made.data.tags
    assert (tags["paceline.job"], tags["paceline.task"], tags["paceline.attempt"]) == ("3", "3.17", "2")
    assert tags["mlflow.parentRunId"] == again.find("3.17", 0)
    assert (made.info.run_name, made.info.status) == ("3.17#2", "RUNNING")


def test_attempts_of_a_task_stand_below_it(uri: str) -> None:
    runs = Runs(uri, "digits", since=0.0)
    first, second = runs.ensure("3.17", 1), runs.ensure("3.17", 2)
    assert seen(uri, first).data.tags["mlflow.parentRunId"] == seen(uri, second).data.tags["mlflow.parentRunId"]


def test_a_job_of_the_same_number_of_another_server_is_another(uri: str) -> None:
    before = Runs(uri, "digits", since=0.0).ensure("3.17", 1)
    later = Runs(uri, "digits", since=NOW)
    assert later.find("3.17", 1) == ""
    assert later.ensure("3.17", 1) != before


def test_what_is_there_is_not_logged_again(uri: str) -> None:
    from mlflow import MlflowClient  # noqa: PLC0415 - as above

    runs = Runs(uri, "digits", since=0.0)
    run = runs.ensure("3.0", 1)
    runs.log(run, points(1.0, 0.5))
    Runs(uri, "digits", since=0.0).log(run, points(1.0, 0.5, 0.25))
    history = MlflowClient(tracking_uri=uri).get_metric_history(run, "loss")
    assert [(each.step, each.value, each.timestamp) for each in history] == [
        (0, 1.0, 1_000_000),
        (1, 0.5, 1_001_000),
        (2, 0.25, 1_002_000),
    ]


def test_only_numbers_are_metrics(uri: str) -> None:
    runs = Runs(uri, "digits", since=0.0)
    run = runs.ensure("3.0", 1)
    values = {"top-5 (%)": 0.9, "phase": "b", "loss": "NaN", "flag": True, "list": [1], "simulated": True}
    runs.log(run, [Point(step=0, at=1.0, values=values)])
    data = seen(uri, run).data
    assert data.metrics == {"top-5 ___": 0.9}
    assert data.tags["simulated"] == "true"


def test_more_than_mlflow_takes_at_once(uri: str) -> None:
    runs = Runs(uri, "digits", since=0.0)
    run = runs.ensure("3.0", 1)
    runs.log(run, [Point(step=step, at=float(step), values={"a": step}) for step in range(BATCH + 5)])
    assert seen(uri, run).data.metrics == {"a": BATCH + 4}


def test_a_run_is_closed_by_what_was_recorded(uri: str) -> None:
    runs = Runs(uri, "digits", since=0.0)
    run = runs.ensure("3.17", 2)
    runs.close(run, view())
    closed = seen(uri, run)
    assert (closed.info.status, closed.info.end_time) == ("FAILED", int(NOW * 1000))
    assert closed.data.tags["paceline.outcome"] == "OOM"
    assert closed.data.tags["paceline.detail"] == "9 of 8 GiB"
    assert closed.data.tags["paceline.worker"] == "w1"


def test_the_next_attempt_closes_what_its_predecessors_left_open(uri: str) -> None:
    runs = Runs(uri, "digits", since=0.0)
    done, killed, current = (runs.ensure("3.17", number) for number in (1, 2, 3))
    runs.close(done, view("SUCCEEDED", "SUCCEEDED"))
    runs.give_up_before("3.17", 3, NOW)
    assert [seen(uri, run).info.status for run in (done, killed, current)] == ["FINISHED", "FAILED", "RUNNING"]


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        ("SUCCEEDED", "FINISHED"),
        ("FAILED", "FAILED"),
        ("OOM", "FAILED"),
        ("TIMEOUT", "FAILED"),
        ("LOST", "FAILED"),
        ("CANCELLED", "KILLED"),
        ("INTERRUPTED", "KILLED"),
        ("REQUEUED", "KILLED"),
    ],
)
def test_outcomes_in_mlflows_words(outcome: str, word: str) -> None:
    assert status(outcome) == word
