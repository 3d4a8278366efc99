"""A worker that is told what it is the way the older systems told theirs."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paceline.model.views import WorkerView
from tests.system.conftest import PATIENCE, Fleet, until

pytestmark = pytest.mark.system


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path / "home")
    fleet.home.mkdir()
    fleet.start_server("--http-port", "0")
    yield fleet
    fleet.stop()


def start(fleet: Fleet, *flags: str, **environment: str) -> None:
    """``paceline worker`` with these flags and variables, until the server knows it."""
    with (fleet.home / "old.log").open("ab") as log:
        process = fleet.workers["old"] = subprocess.Popen(
            [sys.executable, "-m", "paceline", "worker", "--metrics-port", "0", "--status-port", "0", *flags],
            env={**fleet.env, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    until(lambda: fleet.seen() or process.poll() is not None, "the worker is known")
    assert process.poll() is None, fleet.said("old")


def run(fleet: Fleet, *words: str, code: int = 0) -> str:
    """What a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "paceline", *words],
        env=fleet.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def worker(fleet: Fleet) -> WorkerView:
    (view,) = fleet.seen()
    return view


def test_variables(fleet: Fleet, tmp_path: Path) -> None:
    host, _, port = fleet.options.address.rpartition(":")
    start(
        fleet,
        WORKER_ID="worker_12345",
        SERVER_ADDRESS=host,
        SERVER_PORT=port,
        MAX_CONCURRENT_TASKS="1",
        TASK_TIMEOUT="00:00:02",
        WORKING_DIR=str(tmp_path / "work"),
        EXPERIMENT_ID="exp_123",
        COMPUTE_RESOURCE_ID="slurm_01",
        HEARTBEAT_INTERVAL="30s",
        GRPC_KEEPALIVE_TIME="30s",
        GRPC_KEEPALIVE_PERMIT_WITHOUT_STREAMS="true",
        CELERY_BROKER_URL="redis://redis:6379/0",
        LOG_LEVEL="INFO",
    )
    view = worker(fleet)
    assert (view.name, view.machine.capacity.tasks) == ("worker_12345", 1)
    assert set(view.machine.labels) >= {("experiment", "exp_123"), ("compute_resource", "slurm_01")}
    told = fleet.said("old")
    assert "HEARTBEAT_INTERVAL is set, and not read here: the server sets the beat of all workers" in told
    assert "CELERY_BROKER_URL is set, and not read here: there is no broker here" in told
    assert "redis:6379" not in told

    ended = run(fleet, "run", "--label", "experiment=exp_123", "--", "sleep", "60", code=124)
    assert "ran longer than 2 s" in ended
    asked = [sys.executable, "-c", "import os, paceline; print(paceline.submit(os.getcwd).result())"]
    where = subprocess.run(asked, env=fleet.env, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert where.stdout.strip() == str(tmp_path / "work" / "worker_12345" / "calls")


def test_one_at_a_time_means_one_at_a_time(fleet: Fleet, tmp_path: Path) -> None:
    address = fleet.options.address
    start(fleet, "--scheduler", f"grpc://{address}", "--max-jobs", "1", "--worker-id", "my-worker-1")
    assert worker(fleet).name == "my-worker-1"
    line = 'mkdir "$0" && sleep 0.2 && rmdir "$0"'  # a second one at the same time would fail
    run(fleet, "run", "--cpus", "0.1", "--array", "0-3", "--", "/bin/sh", "-c", line, str(tmp_path / "alone"))
