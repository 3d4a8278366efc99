"""MLflow beside real jobs: a script that knows nothing of Paceline joins the run of its attempt, which is closed from
outside however the script ends."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.system.prompt import Prompt

if TYPE_CHECKING:
    from tests.system.conftest import Fleet

pytestmark = [pytest.mark.system, pytest.mark.filterwarnings("ignore")]  # of a library's own

PATIENCE = 100.0
SCRIPT = """
import os, signal, sys
import mlflow
from paceline.train import report

mlflow.log_param("rate", 0.1)
mlflow.log_metric("mine", 7)
for step in range(2):
    report(step=step, loss=1 / (step + 1))
if os.environ["PACELINE_ATTEMPT"] == "1":
    os.kill(os.getpid(), signal.SIGKILL)
print("run", mlflow.active_run().info.run_id)
"""


class Tracked(Prompt):
    """Somebody with a script and a place for MLflow's runs."""

    @property
    def uri(self) -> str:
        return f"file://{self.cwd}/runs"

    def runs(self, experiment: str) -> dict[str, Any]:
        """All runs of an experiment by name, the newest of a name."""
        from mlflow import MlflowClient  # noqa: PLC0415 - an extra, and a second to load

        client: Any = MlflowClient(tracking_uri=self.uri)
        found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
        return {run.info.run_name.partition(".")[2]: run for run in found}


@pytest.fixture
def prompt(fleet: "Fleet", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tracked:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return Tracked(home=fleet.home, cwd=tmp_path, patience=PATIENCE)


@pytest.mark.timeout(240)
def test_a_script_that_is_killed_and_tried_again(prompt: Tracked) -> None:
    (prompt.cwd / "train.py").write_text(SCRIPT)
    tracked = ["--mlflow", prompt.uri, "--experiment", "digits", "--env", "MLFLOW_ALLOW_FILE_STORE", "--retries", "1"]
    out, err = prompt("run", *tracked, "--", sys.executable, "train.py")
    assert "mlflow" not in err
    task, killed, done = (prompt.runs("digits")[name] for name in ("0", "0#1", "0#2"))
    assert out == f"run {done.info.run_id}\n"
    assert [each.info.status for each in (task, killed, done)] == ["FINISHED", "FAILED", "FINISHED"]
    assert "SIGKILL" in killed.data.tags["paceline.detail"]
    assert killed.data.tags["mlflow.parentRunId"] == done.data.tags["mlflow.parentRunId"] == task.info.run_id
    assert killed.data.params == done.data.params == {"rate": "0.1"}
    assert killed.data.metrics == done.data.metrics == {"mine": 7.0, "loss": 0.5}
    assert task.data.metrics == {"loss": 0.5}


@pytest.mark.timeout(240)
def test_a_job_that_nobody_followed_is_caught_up_with(prompt: Tracked) -> None:
    (prompt.cwd / "train.py").write_text("from paceline.train import report; report(step=3, loss=0.5)")
    given = ["--env", f"PACELINE_MLFLOW={prompt.uri}", "--env", "MLFLOW_ALLOW_FILE_STORE"]
    out, _ = prompt("submit", "-q", "--name", "quiet", *given, "--array", "0-1", "--", sys.executable, "train.py")
    job = out.strip()
    prompt("wait", job)
    assert {run.info.status for run in prompt.runs("quiet").values()} == {"RUNNING"}
    for _ in range(2):
        assert prompt("mlflow", "follow", job, "--mlflow", prompt.uri)[0] == f"closed the MLflow runs of job {job}\n"
        runs = prompt.runs("quiet")
        assert sorted(runs) == ["0", "0#1", "1", "1#1"]
        assert {(run.info.status, run.data.metrics["loss"]) for run in runs.values()} == {("FINISHED", 0.5)}


@pytest.mark.timeout(240)
def test_a_script_runs_although_mlflow_does_not(prompt: Tracked) -> None:
    (prompt.cwd / "runs").write_text("in the way")
    out, err = prompt("run", "--mlflow", f"file://{prompt.cwd}/runs/here", "--", "echo", "ran")
    assert out == "ran\n"
    assert "paceline: runs without MLflow: " in err
    assert re.search(r"warning: mlflow: file://\S+: ", err)
    assert re.search(r"its MLflow runs are not closed; to do so: paceline mlflow follow \d+ --mlflow URI\n", err)
