"""Trainings that are killed, moved and stopped half way, and come to the same end."""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Retry, Spec
from paceline.model.views import ResultRow, TaskView
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client
from tests.system import trainings
from tests.system.conftest import PATIENCE, Fleet, until

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


class Training:
    """One task, and what is seen of it. ``kind``: "command" or "function"."""

    def __init__(self, fleet: Fleet, kind: str) -> None:
        self.fleet = fleet
        self.kind = kind
        self.witness = fleet.home / "witness"
        self.witness.mkdir()
        self.job: JobId = bridge().run(self._submit())

    async def _submit(self) -> JobId:
        spec = JobSpec(name="fit", run=self._run(), retry=Retry(failures=3, base=0.1))
        async with Client(self.fleet.options) as client:
            arguments = [[pickle.dumps(((str(self.witness),), {}))]] if self.kind == "function" else []
            submission = await client.submit([spec], payloads=arguments)
            return JobId(submission.jobs[0])

    def _run(self) -> Spec:
        if self.kind == "function":
            body = {"ref": "tests.system.trainings:train", "paths": [str(ROOT)]}
        else:
            body = {"argv": [sys.executable, "-m", "tests.system.trainings", str(self.witness)]}
        return Spec(kind=self.kind, body=json.dumps(body).encode(), cwd=str(ROOT), grace=PATIENCE)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    def attempts(self) -> Sequence[TaskView]:
        async def ask() -> Sequence[TaskView]:
            async with Client(self.fleet.options) as client:
                return await client.attempts(TaskId(self.job, 0))

        return bridge().run(ask())

    def steps(self, attempt: int) -> list[str]:
        """What an attempt did, by the witness: where it began, and every step."""
        path = self.witness / f"{self.job}.0-{attempt}"
        return path.read_text().splitlines() if path.exists() else []

    def pid(self, attempt: int) -> int:
        return int(self.steps(attempt)[0].split()[0])

    def did(self, attempt: int, step: int) -> None:
        """Wait until it has."""
        until(lambda: str(step) in self.steps(attempt), f"attempt {attempt} did step {step}")

    def allow(self, what: str) -> None:
        (self.witness / what).touch()

    def said(self, attempt: int, stream: str = "err") -> str:
        async def ask() -> str:
            async with Client(self.fleet.options) as client:
                pages = [page.data async for _, page in client.logs(TaskId(self.job, 0), attempt, stream)]
                return b"".join(pages).decode()

        return bridge().run(ask())

    def value(self) -> int:
        """What came of it in the end."""

        async def ask() -> ResultRow:
            async with Client(self.fleet.options) as client:
                async for _ in client.watch([self.job]):
                    pass
                [row] = await client.results(self.job)
                return row

        row = bridge().run(ask())
        assert row.outcome == "SUCCEEDED", row
        return int(pickle.loads(row.result)) if self.kind == "function" else int(self.said(row.number, "out"))  # noqa: S301


@pytest.fixture
def pair(new_fleet: Fleet) -> Fleet:
    """One worker is there, another can come."""
    new_fleet.start_server("--beat", "0.5", "--lease", "4")
    new_fleet.start_worker("w1", "--cpus", "1")
    return new_fleet


@pytest.mark.parametrize("kind", ["command", "function"])
def test_killed_half_way_it_goes_on_elsewhere_from_the_last_checkpoint(pair: Fleet, kind: str) -> None:
    training = Training(pair, kind)
    training.allow("keep it")
    training.did(1, 6)
    heading, newest, *_ = paceline(pair, "task", "checkpoints", f"{training.job}.0").splitlines()
    assert heading.split() == ["STEP", "ATTEMPT", "METRIC", "FILES", "SIZE"]
    assert newest.split()[:2] == ["6", "1"]
    paceline(pair, "worker", "drain", "w1")
    pair.start_worker("w2", "--cpus", "1")
    os.kill(training.pid(1), signal.SIGKILL)
    training.allow("go on")
    assert training.value() == trainings.final()
    assert training.steps(2)[0].endswith("begins at 7"), "no step is made twice, none is left out"
    assert [view.worker for view in training.attempts()] == ["w1", "w2"]


@pytest.mark.parametrize("kind", ["command", "function"])
def test_a_worker_that_is_drained_now_hands_its_trainings_over(pair: Fleet, kind: str) -> None:
    training = Training(pair, kind)
    training.allow("keep it")
    training.did(1, 6)
    pair.start_worker("w2", "--cpus", "1")
    paceline(pair, "worker", "drain", "--now", "w1")
    training.allow("go on")
    assert training.value() == trainings.final()
    first, second = training.attempts()
    assert (first.worker, first.outcome, first.detail) == ("w1", "INTERRUPTED", "the server drains this worker")
    assert (second.worker, second.outcome) == ("w2", "SUCCEEDED")
    assert training.steps(1)[-1] == "7", "it had its grace for a last checkpoint"
    assert training.steps(2)[0].endswith("begins at 8")


def test_an_agent_that_dies_during_a_checkpoint_is_waited_for(pair: Fleet) -> None:
    training = Training(pair, "command")
    training.did(1, 4)
    until(lambda: list(pair.home.glob("workers/w1/checkpoints/*/weights")), "the fifth is being written")
    pair.kill_worker("w1")
    training.allow("keep it")
    pair.start_worker("w1", "--cpus", "1")
    training.did(1, 5)
    training.did(1, 6)
    os.kill(training.pid(1), signal.SIGKILL)
    training.allow("go on")
    assert training.value() == trainings.final()
    assert training.steps(2)[0].endswith("begins at 7")


def test_a_server_that_dies_during_a_checkpoint_is_waited_for_and_knows_them_all(pair: Fleet) -> None:
    training = Training(pair, "command")
    training.did(1, 4)
    until(lambda: list(pair.home.glob("workers/w1/checkpoints/*/weights")), "the fifth is being written")
    pair.kill_server()
    training.allow("keep it")
    pair.start_server("--beat", "0.5", "--lease", "4")
    training.did(1, 6)
    os.kill(training.pid(1), signal.SIGKILL)
    training.allow("go on")
    assert training.value() == trainings.final()
    assert training.steps(2)[0].endswith("begins at 7")


def test_a_damaged_checkpoint_is_passed_over(pair: Fleet) -> None:
    training = Training(pair, "command")
    training.allow("keep it")
    training.did(1, 6)
    os.kill(training.pid(1), signal.SIGSTOP)
    newest = max(pair.home.glob("server/blobs/??/*"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(b"x" * newest.stat().st_size)
    os.kill(training.pid(1), signal.SIGKILL)
    training.allow("go on")
    assert training.value() == trainings.final()
    assert training.steps(2)[0].endswith("begins at 6")
    assert f"the checkpoint of step 6 by {training.job}.0#1 is passed over" in training.said(2)
    assert "is damaged" in training.said(2)


def test_what_nobody_needs_any_more_takes_no_space(pair: Fleet) -> None:
    training = Training(pair, "command")
    training.allow("keep it")
    training.did(1, 6)
    until(lambda: len(list(pair.home.glob("server/blobs/??/*"))) <= 2 * 4, "three and the best are left")
    training.allow("go on")
    training.value()
    until(lambda: not list(pair.home.glob("server/blobs/*/*")), "nothing is left of a job that is over")
    assert not list(pair.home.glob("workers/w1/checkpoints/*"))


def paceline(fleet: Fleet, *words: str) -> str:
    """What a command of a user's prints."""
    command = [sys.executable, "-m", "paceline", *words]
    return subprocess.run(
        command, env=fleet.env, check=True, timeout=PATIENCE, stdout=subprocess.PIPE, text=True
    ).stdout
