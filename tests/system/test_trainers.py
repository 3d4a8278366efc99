"""Trainings of the kind ``train`` that are killed or moved half way, and leave the model that they would have left."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pytest
from sklearn.datasets import load_digits

import paceline.train
from paceline.model.views import ReportView, ResultRow
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client
from paceline.tasks.train import TRAINERS, run
from paceline.tasks.train.predict import predict
from tests.system.conftest import PATIENCE, Fleet

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

PARAMS: dict[str, dict[str, int]] = {
    "random_forest": {"trees": 200, "report_every": 5},
    "xgboost": {"rounds": 250, "max_depth": 3},
}
HALF_WAY = 20


@pytest.fixture
def pair(new_fleet: Fleet) -> Fleet:
    """One worker is there, another can come; digits to learn."""
    new_fleet.start_server("--beat", "0.5", "--lease", "4")
    new_fleet.start_worker("w1", "--cpus", "1")
    x, y = load_digits(return_X_y=True)
    np.savez(new_fleet.home / "digits.npz", X=x, y=y)
    return new_fleet


@pytest.mark.parametrize("model", PARAMS)
def test_killed_half_way_a_training_leaves_the_same_model(pair: Fleet, model: str) -> None:
    job = submit(pair, model, "--retries", "1")
    cut = follow(pair, job, at=lambda: os.kill(trainer(pair), signal.SIGKILL))
    assert cut.began[2] > 1, "it began anew"
    assert_whole(cut, model, pair.home)


def test_drained_half_way_a_training_goes_on_elsewhere_at_the_next_step(pair: Fleet) -> None:
    async def drain() -> None:
        async with Client(pair.options) as client:
            [worker] = await client.workers()
            await client.drain(worker.worker, now=True)

    def hand_over() -> None:
        bridge().run(drain())  # at once: a command takes as long as many rounds
        pair.start_worker("w2", "--cpus", "1")

    cut = follow(pair, submit(pair, "xgboost"), at=hand_over)
    assert cut.began[2] == cut.ended[1] + 1
    assert_whole(cut, "xgboost", pair.home)


def assert_whole(cut: "Followed", model: str, place: Path) -> None:
    """It is what one attempt makes that nobody disturbs."""
    given = {"data": str(place / "digits.npz"), "output": str(place / "whole"), **PARAMS[model]}
    params = msgspec.convert(given, TRAINERS[model].params)
    result: Any = run.train(params, paceline.train, label="whole")
    assert result["metrics"] == cut.result["metrics"]
    assert answers(result) == answers(cut.result)
    assert cut.result["key"].startswith(model.replace("_", "-")), "it is in the catalogue"


class Followed:
    """One job of one task, to its end."""

    def __init__(self, reports: Sequence[ReportView], row: ResultRow) -> None:
        assert row.outcome == "SUCCEEDED", row
        self.result: Any = json.loads(row.result)
        self.began = {report.attempt: report.step for report in reversed(reports)}
        self.ended = {report.attempt: report.step for report in reports}


def follow(fleet: Fleet, job: int, at: Callable[[], None] | None = None) -> Followed:
    """Wait for the end. ``at``: what happens half way."""

    async def watch() -> Followed:
        reports: list[ReportView] = []
        async with Client(fleet.options) as client:
            async for update in client.watch([job], interval=0.02):
                reports += update.reports
                if at and reports and reports[-1].attempt == 1 and reports[-1].step >= HALF_WAY:
                    await asyncio.to_thread(at)
                    break
            async for update in client.watch([job], interval=0.02):
                reports += update.reports
            [row] = await client.results(job)
        return Followed(reports, row)

    return bridge().run(watch())


def submit(fleet: Fleet, model: str, *options: str) -> int:
    given = {"model": model, "data": "digits.npz", "checkpoint_seconds": 0.05, **PARAMS[model]}
    words = [word for name, value in given.items() for word in ("--param", f"{name}={value}")]
    return int(command(fleet, "submit", "--quiet", *options, "--kind", "train", *words))


def answers(result: Any) -> list[dict[str, Any]]:
    """What its model says of everything."""
    folder = Path(result["folder"]["path"])
    rows: list[dict[str, Any]] = predict(folder, folder.parents[1] / "digits.npz").to_pylist()
    return rows


def trainer(fleet: Fleet) -> int:
    """The process that has worked most."""
    children = [child for pid in fleet.supervisors() for child in psutil.Process(pid).children(recursive=True)]
    return max(children, key=lambda child: child.cpu_times().user).pid


def command(fleet: Fleet, *words: str) -> str:
    """A command of a user's; what it prints."""
    line = [sys.executable, "-m", "paceline", *words]
    said = subprocess.run(line, env=fleet.env, cwd=fleet.home, check=True, timeout=PATIENCE, capture_output=True)
    return said.stdout.decode()
