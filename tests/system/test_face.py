"""What a real server and a real worker show: scraped, checked and asked as people do it."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping

import pytest

from paceline.wire.whereabouts import WorkerWhereabouts, read_whereabouts, read_workers
from tests import prometheus
from tests.system.conftest import Fleet, until

pytestmark = pytest.mark.system


def get(url: str, headers: Mapping[str, str] | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers or {})), timeout=10) as answer:
        assert isinstance(found := answer.read(), bytes)
        return found


def worker(fleet: Fleet) -> WorkerWhereabouts:
    """Once it shows itself: it takes work first."""
    until(lambda: read_workers(fleet.home), "the worker shows how it is")
    return read_workers(fleet.home)[0]


def command(fleet: Fleet, *words: str) -> str:
    argv = [sys.executable, "-m", "paceline", *words]
    return subprocess.run(argv, env=fleet.env, check=True, capture_output=True, text=True, timeout=60).stdout


def test_a_task_is_seen_in_every_family(fleet: Fleet) -> None:
    here = worker(fleet)
    before = prometheus.samples(get(f"{here.http}/metrics")).get(("worker_node_tasks_total", "success", "command"), 0)
    command(fleet, "run", "--", "true")
    text = get(f"{here.http}/metrics")
    seen = prometheus.samples(text)
    assert seen["worker_node_tasks_total", "success", "command"] == before + 1
    assert seen["worker_tasks_completed_total", "command", "completed"] == before + 1
    said = read_whereabouts(fleet.home)
    assert said is not None
    ours = prometheus.samples(get(f"{said.http}/metrics", {"authorization": f"Bearer {fleet.options.token}"}))
    assert ours["paceline_attempts_ended_total", "SUCCEEDED"] >= 1
    assert ours["paceline_links",] == 1
    assert ours["paceline_store_size_bytes",] > 0


def test_a_worker_is_asked_how_it_is(fleet: Fleet) -> None:
    here = worker(fleet)
    said = json.loads(command(fleet, "worker", "--status", "--name", here.name, "--json"))["worker"]
    assert said["pid"] == here.pid
    assert said["orchestrator_connection"] == "connected"
    assert said == said | {"worker_id": here.name, "server": here.server}
