"""What a job's attempts are told of MLflow."""

import subprocess
import sys

import pytest

from paceline.cli.tracking import tracked, tracker
from paceline.model.job import JobSpec, Spec


def spec(*, experiment: str = "", **env: str) -> JobSpec:
    return JobSpec(name="train", run=Spec(kind="command", body=b"{}", env=tuple(env.items())), experiment=experiment)


def told(job: JobSpec) -> dict[str, str]:
    return dict(job.run.env)


def test_a_job_without_mlflow_is_as_it_was() -> None:
    assert tracked(spec(A="b"), "") == spec(A="b")
    assert tracker([spec(A="b")]) == ""


def test_where_its_runs_are_and_in_which_experiment() -> None:
    job = tracked(spec(A="b", experiment="digits"), "http://mlflow:5000")
    env = told(job)
    assert (env["A"], env["PACELINE_MLFLOW"], env["MLFLOW_TRACKING_URI"]) == ("b", *["http://mlflow:5000"] * 2)
    assert env["MLFLOW_EXPERIMENT_NAME"] == "digits"
    assert float(env["PACELINE_MLFLOW_SINCE"]) > 0
    assert tracker([spec(), job]) == "http://mlflow:5000"


def test_trainings_go_on_sharing_their_processes() -> None:
    job = tracked(JobSpec(name="train", run=Spec(kind="train", body=b"{}"), experiment="digits"), "http://mlflow:5000")
    assert told(job) == {"PACELINE_MLFLOW": "http://mlflow:5000"}


def test_its_own_environment_may_say_so() -> None:
    job = tracked(spec(PACELINE_MLFLOW="http://mlflow:5000"), "")
    assert told(job)["MLFLOW_TRACKING_URI"] == "http://mlflow:5000"
    assert told(job)["MLFLOW_EXPERIMENT_NAME"] == "train"


@pytest.mark.parametrize(
    "words", [["run", "--mlflow", "http://mlflow:5000", "--", "true"], ["mlflow", "follow", "1", "--mlflow", "x"]]
)
def test_without_mlflow_it_says_what_to_install(words: list[str]) -> None:
    absent = "import sys; sys.modules['mlflow'] = None; from paceline.cli.main import run; sys.exit(run(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", absent, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "error: mlflow: MLflow is not installed here\nhint: install it: pip install 'paceline[mlflow]'\n"
    )
