"""Progress where people look: real tasks that report, seen at a terminal, in a log file and by a program."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.system.conftest import Fleet

pytestmark = pytest.mark.system

PATIENCE = 60.0
SCRIPT = """
import sys, time
from paceline.train import report

print("begin", flush=True)
for epoch in range(8):
    loss = 1 / (epoch + 1)
    report(step=epoch, epoch=epoch, loss=loss, val_loss=loss + 0.1, val_accuracy=1 - loss / 2, progress=(epoch + 1) / 8)
    time.sleep(0.2)
sys.exit(int(sys.argv[1]))
"""


class Prompt:
    """Somebody who has a training script."""

    def __init__(self, fleet: "Fleet", cwd: Path) -> None:
        self.cwd = cwd
        self.env = {**os.environ, "PACELINE_HOME": str(fleet.home), "TERM": "xterm-256color"}
        (cwd / "train.py").write_text(SCRIPT)

    def train(self, *options: str, exits: int = 0) -> list[str]:
        return ["run", *options, "--", sys.executable, "train.py", str(exits)]

    def __call__(self, words: Sequence[str], code: int = 0) -> tuple[str, str]:
        """stdout and stderr, neither of them a terminal."""
        argv = [sys.executable, "-m", "paceline", *words]
        done = subprocess.run(
            argv, env=self.env, cwd=self.cwd, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == code, done
        return done.stdout, done.stderr

    def at_terminal(self, words: Sequence[str], width: int, **env: str) -> str:
        """All bytes that a terminal of this width was sent."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        argv = [sys.executable, "-m", "paceline", *words]
        process = subprocess.Popen(argv, env=self.env | env, cwd=self.cwd, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        sent = b""
        with suppress(OSError):  # which is how a terminal says that nobody writes to it any more
            while data := os.read(ours, 65536):
                sent += data
        os.close(ours)
        assert process.wait(PATIENCE) == 0, sent
        return sent.decode()


@pytest.fixture
def prompt(fleet: "Fleet", tmp_path: Path) -> Prompt:
    return Prompt(fleet, tmp_path)


def test_in_a_log_file(prompt: Prompt) -> None:
    out, err = prompt(prompt.train(exits=3), code=3)
    assert out == "begin\n"
    job, *told, end, why = err.splitlines()
    assert re.fullmatch(r"job \d+", job)
    assert 1 <= len(told) <= 3
    assert all(re.fullmatch(r"\d+\.0: epoch \d  loss \S+  val_loss \S+  val_accuracy \S+  \d+%", line) for line in told)
    assert re.fullmatch(r"\d+\.0 FAILED after \S+ \(attempt 1 on w1\): .*  loss 0.125  val_loss 0.225  .*", end)
    assert re.fullmatch(r"job \d+ failed: exit code 3", why)


def test_to_a_program(prompt: Prompt) -> None:
    out, err = prompt(prompt.train("--json", "--array", "0-2"))
    assert err == ""
    told = [json.loads(line) for line in out.splitlines()]
    steps = [(each["task"][-1], each["report"]["step"]) for each in told if each["type"] == "report"]
    assert sorted(steps) == [(str(task), step) for task in range(3) for step in range(8)]
    ends = [each for each in told if each["type"] == "task"]
    assert sorted(each["task"]["index"] for each in ends) == [0, 1, 2]
    assert {(each["metrics"]["loss"], each["model"]) for each in ends} == {(0.125, "")}
    moves = [line for line in out.splitlines() if '"type":"job"' in line]
    assert len(set(moves)) == len(moves)
    job = str(told[0]["jobs"][0])
    again = [json.loads(line) for line in prompt(["watch", "--json", f"{job}.1"])[0].splitlines()]
    assert {each["task"] for each in again if each["type"] == "report"} == {f"{job}.1"}
    assert len([each for each in again if each["type"] == "report"]) == 8
    assert [each["task"]["id"] for each in again if each["type"] == "task"] == [f"{job}.1"]


def test_some_tasks_of_a_job_that_goes_on(prompt: Prompt) -> None:
    waits = "[ $PACELINE_ARRAY_INDEX = 0 ] || sleep 60"
    job = prompt(["submit", "-q", "--array", "0-1", "--shell", waits])[0].strip()
    told = [json.loads(line) for line in prompt(["watch", "--json", f"{job}.0"])[0].splitlines()]
    assert [each["task"]["id"] for each in told if each["type"] == "task"] == [f"{job}.0"]
    prompt(["cancel", job])


def test_a_task_that_reports_one_number(prompt: Prompt) -> None:
    lines = (
        "from paceline.train import report\nimport time\nfor n in range(5): report(loss=1 / (n + 1)); time.sleep(0.3)"
    )
    seen = prompt.at_terminal(["run", "--", sys.executable, "-c", lines], 80)
    assert "⠒" in seen
    assert re.search(r"SUCCEEDED\S* after \S+: loss 0.2", seen)


@pytest.mark.parametrize("width", [60, 140])
def test_at_a_terminal(prompt: Prompt, width: int) -> None:
    seen = prompt.at_terminal(prompt.train(), width)
    assert "begin\r\n" in seen
    assert re.search(r"TASK .*EPOCH +LOSS +VAL_LOSS +ACCURACY", seen)
    assert "⠒" in seen
    assert re.search(r"SUCCEEDED\S* after \S+: loss 0.125", seen)
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", seen))
    tables = [line for line in lines if line.startswith("TASK") or "│" in line]
    assert tables
    assert max(map(len, tables)) <= width


def test_without_colour(prompt: Prompt) -> None:
    seen = prompt.at_terminal(prompt.train("--array", "0-1"), 100, NO_COLOR="1")
    assert "TASK" in seen
    assert "\x1b[3" not in seen


def test_quietly(prompt: Prompt) -> None:
    out, err = prompt(prompt.train("-q"))
    assert (out.splitlines()[-1], err) == ("begin", "")
