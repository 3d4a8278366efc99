"""Sweeps for real: a fleet, a driver that may be killed, and the best of what it tried."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.system.prompt import Prompt

if TYPE_CHECKING:
    from tests.system.conftest import Fleet

pytestmark = pytest.mark.system

PATIENCE = 60.0

SWEEP = """
kind: simulate
name: {name}
params: {{epochs: 12, epoch_ms: 60, seed: 3}}
sweep:
  space:
    rate: {{loguniform: [0.1, 2]}}
    model: {{choice: [neural_network, xgboost, random_forest]}}
  metric: val_loss
  trials: {trials}
  pruner: asha
  min_steps: 3
"""


class Desk(Prompt):
    """Somebody with a directory of job files."""

    def file(self, text: str, name: str = "sweep.yaml") -> str:
        (self.cwd / name).write_text(text)
        return name

    def lines(self, *words: str, code: int = 0) -> Sequence[dict[str, Any]]:
        out, _ = self(*words, "--json", code=code)
        return [json.loads(line) for line in out.splitlines()]

    def tasks(self, job: str) -> Sequence[dict[str, Any]]:
        (answer,) = self.lines("task", "ls", job)
        return list(answer["tasks"])

    def jobs(self, name: str) -> Sequence[dict[str, Any]]:
        (answer,) = self.lines("job", "ls", "--name", name)
        return list(answer["jobs"])


@pytest.fixture
def desk(fleet: "Fleet", tmp_path: Path) -> Desk:
    return Desk(home=fleet.home, cwd=tmp_path)


def ended(lines: Sequence[dict[str, Any]]) -> dict[int, str]:
    """The last state of every trial."""
    return {line["trial"]["number"]: line["trial"]["state"] for line in lines if line.get("type") == "trial"}


def test_a_sweep_prunes_what_promises_little_and_shows_the_best(desk: Desk) -> None:
    *lines, last = desk.lines("sweep", desk.file(SWEEP.replace("12", "20").format(name="pruned", trials=10)))
    states = ended(lines)
    assert len(states) == 10
    assert set(states.values()) == {"complete", "pruned"}
    tasks = desk.tasks("pruned")
    assert [task["state"] for task in tasks] == [
        "SUCCEEDED" if states[number] == "complete" else "CANCELLED" for number in range(10)
    ]
    assert all("pruned: asha at step" in task["detail"] for task in tasks if task["state"] == "CANCELLED")
    (job,) = desk.jobs("pruned")
    assert (job["open"], job["total"]) == (False, 10)
    (best,) = last["trials"]
    complete = [line["trial"] for line in lines if line["trial"]["state"] == "complete"]
    assert best["value"] == min(trial["value"] for trial in complete)
    assert best["simulated"] is True
    assert best["params"].keys() == {"rate", "model"}


def test_who_watches_reads_a_line_for_each_trial(desk: Desk) -> None:
    out, err = desk("sweep", desk.file(SWEEP.format(name="told", trials=3).replace("asha", "none")))
    assert out.splitlines()[0].split() == ["TASK", "val_loss", "STATE", "ATTEMPT", "rate", "model"]
    assert sum(line.startswith("trial ") and " complete: val_loss " in line for line in err.splitlines()) == 3


def first_ends(driver: "subprocess.Popen[str]", count: int) -> Iterator[dict[str, Any]]:
    """What a driver says until so many trials are over."""
    assert driver.stdout is not None
    for line in driver.stdout:
        said = json.loads(line)
        yield said
        count -= said["trial"]["state"] in ("complete", "pruned")
        if not count:
            return


def test_a_driver_that_was_killed_goes_on_with_what_there_is(desk: Desk) -> None:
    file = desk.file(SWEEP.format(name="killed", trials=12))
    driver = desk.start("sweep", file, "--json")
    before = list(first_ends(driver, 3))
    driver.send_signal(signal.SIGKILL)
    driver.communicate(timeout=PATIENCE)
    (job,) = desk.jobs("killed")
    assert job["open"]
    lines = desk.lines("sweep", file)
    assert len(ended(lines)) == 12
    (job,) = desk.jobs("killed")  # no other one was made
    assert (job["total"], job["open"]) == (12, False)
    asked = {line["trial"]["number"]: line["trial"]["params"] for line in before}
    again = {line["trial"]["number"]: line["trial"]["params"] for line in lines if line.get("type") == "trial"}
    assert {number: again[number] for number in asked} == asked
    assert len({json.dumps(params) for params in again.values()}) == 12


def test_a_sweep_that_is_over_goes_on_when_more_trials_are_wanted(desk: Desk) -> None:
    text = SWEEP.replace("epochs: 12, epoch_ms: 60", "epochs: 3, virtual: true")
    desk("sweep", desk.file(text.format(name="more", trials=3)))
    again = desk.lines("sweep", desk.file(text.format(name="more", trials=3)))
    assert len(desk.jobs("more")) == 1  # nothing was left to do
    more = desk.lines("sweep", desk.file(text.format(name="more", trials=5)))
    assert [job["total"] for job in desk.jobs("more")] == [2, 3]
    assert (len(ended(again)), len(ended(more))) == (3, 5)


def test_trials_of_a_job_that_was_closed_meanwhile_still_count(desk: Desk) -> None:
    """As the server does ten minutes after a driver was killed."""
    text = SWEEP.replace("epoch_ms: 60", "epoch_ms: 200").replace("pruner: asha", "pruner: none")
    file = desk.file(text.format(name="closed", trials=6))
    driver = desk.start("sweep", file, "--json")
    assert driver.stdout is not None
    for _ in range(4):
        driver.stdout.readline()
    driver.send_signal(signal.SIGKILL)
    driver.communicate(timeout=PATIENCE)
    desk("job", "close", "closed")
    states = ended(desk.lines("sweep", file))
    assert states == dict.fromkeys(range(6), "complete")
    assert [job["total"] for job in desk.jobs("closed")] == [2, 4]


def test_a_sweep_that_reads_differently_now_is_not_taken_for_the_same(desk: Desk) -> None:
    text = SWEEP.replace("epoch_ms: 60", "virtual: true").format(name="otherwise", trials=2) + "deadline: 8h\n"
    desk("sweep", desk.file(text))
    _, err = desk("sweep", desk.file(text.replace("trials: 2", "trials: 3")), code=1)
    assert "error: this sweep was begun otherwise: submit token" in err
    assert "hint: an environment variable or a relative time reads differently now" in err


def test_an_interrupted_driver_lets_go(desk: Desk) -> None:
    driver = desk.start("sweep", desk.file(SWEEP.format(name="let-go", trials=9)), "--json")
    list(first_ends(driver, 1))
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 130
    (job,) = desk.jobs("let-go")
    assert job["open"]
    desk("cancel", "let-go")


def test_a_sweep_has_one_driver(desk: Desk) -> None:
    file = desk.file(SWEEP.format(name="twice", trials=40))
    driver = desk.start("sweep", file, "--json")
    list(first_ends(driver, 1))
    _, err = desk("sweep", file, code=1)
    assert f"error: {file}: its sweep is being run already" in err
    desk("cancel", "twice")
    out, _ = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 130, out


def test_trials_that_do_not_say_the_metric_end_the_sweep(desk: Desk) -> None:
    text = (
        SWEEP.replace("val_loss", "val_los")
        .replace("pruner: asha", "direction: min")
        .replace("epoch_ms: 60", "virtual: true")
    )
    _, err = desk("sweep", desk.file(text.format(name="unsaid", trials=9)), code=2)
    assert "error: metric: no trial has reported or returned a number 'val_los'\nhint: did you mean 'val_loss'?" in err
    (job,) = desk.jobs("unsaid")
    assert (job["open"], job["reason"]) == (False, "its trials do not say 'val_los'")
    assert job["total"] <= 4  # no more than were under way


def test_failed_trials_are_not_the_end(desk: Desk) -> None:
    text = SWEEP.replace("seed: 3", "failure_rate: 0.5").replace("epoch_ms: 60", "virtual: true")
    *lines, last = desk.lines("sweep", desk.file(text.format(name="failing", trials=12)))
    states = list(ended(lines).values())
    assert {"failed", "complete"} <= set(states)
    assert all(line["trial"]["detail"] for line in lines if line["trial"]["state"] == "failed")
    assert last["trials"][0]["state"] == "SUCCEEDED"


def test_without_optuna_it_says_what_to_install(desk: Desk) -> None:
    code = "import sys; sys.modules['optuna'] = None; from paceline.cli.main import run; sys.exit(run(['sweep', 'a']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=desk.cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "error: a sweep needs Optuna, which is not installed\nhint: pip install 'paceline[sweep]'" in done.stderr


# ── job best ────────────────────────────────────────────────────────────────────────────────────────────────────────

GRID = """
kind: simulate
name: grid
params: {virtual: true, epochs: 5, seed: 1, model: xgboost}
grid: {rate: [1, 4, 2], failure_rate: [0, 1]}
"""


def test_the_best_of_a_grid(desk: Desk) -> None:
    desk("submit", desk.file(GRID), "--wait", code=1)
    (best,) = desk.lines("job", "best", "grid", "--top", "9")
    assert [trial["params"]["rate"] for trial in best["trials"]] == [4, 2, 1]
    assert [trial["state"] for trial in best["trials"]] == ["SUCCEEDED"] * 3
    (worst,) = desk.lines("job", "best", "grid", "--max")
    assert worst["trials"][0]["params"] == {"rate": 1, "failure_rate": 0}
    (accurate,) = desk.lines("job", "best", "grid", "--metric", "accuracy")
    assert accurate["trials"][0]["params"]["rate"] == 4
    out, err = desk("job", "best", "grid")
    assert out.splitlines()[1].split()[2:4] == ["SUCCEEDED", "(simulated)"]
    assert "3 of 6 tasks have no val_loss, or failed" in err
    _, err = desk("job", "best", "grid", "--metric", "val_los", code=2)
    assert "hint: did you mean 'val_loss'?" in err
    _, err = desk("job", "best", "grid", "--metric", "epochs", code=2)
    assert "hint: --min or --max" in err


def test_the_best_command_is_known_by_what_it_reported(desk: Desk) -> None:
    script = "import os; from paceline.train import report; report(score=len(os.environ['PACELINE_ENTRY']))"
    (desk.cwd / "words").write_text("a\nabcd\nabc\n")
    desk("submit", "--name", "words", "--each-line", "words", "--wait", "--", sys.executable, "-c", script)
    (best,) = desk.lines("job", "best", "words", "--metric", "score")
    assert best["trials"][0]["params"] == {"entry": "abcd"}
    desk("run", "--name", "silent", "true")
    _, err = desk("job", "best", "silent", code=2)
    assert "no trial has reported or returned a number yet" in err
