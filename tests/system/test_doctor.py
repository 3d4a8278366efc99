"""``paceline doctor`` on a fleet that lives, and on what is left of one that does not."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from paceline.supervisor.leftovers import leftovers
from tests.system.conftest import Fleet, until

pytestmark = pytest.mark.system


def doctor(fleet: Fleet, *words: str) -> tuple[int, Sequence[Mapping[str, str]]]:
    """Its exit code, and what it found."""
    done = subprocess.run(
        [sys.executable, "-m", "paceline", "doctor", "--json", *words],
        env=fleet.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)["checks"]


def found(fleet: Fleet, check: str) -> Mapping[str, str]:
    [finding] = doctor(fleet, "--only", check)[1]
    return finding


def test_a_fleet_that_is_well(fleet: Fleet) -> None:
    code, checks = doctor(fleet, "--only", "server", "--only", "workers")
    problems = [each for each in checks if each["state"] == "problem"]
    assert (code, problems) == (0, [])
    assert {each["check"] for each in checks} >= {"token", "clock", "http", "ready", "metrics", "leftovers"}


def test_what_a_dead_agent_leaves(new_fleet: Fleet) -> None:
    fleet = new_fleet
    fleet.start_server()
    fleet.start_worker("w1", "--cpus", "1")
    submitted = [sys.executable, "-m", "paceline", "submit", "--cpus", "0.5", "--", "sleep", "300"]
    subprocess.run(submitted, env=fleet.env, check=True, capture_output=True)
    directory = fleet.home / "workers" / "w1"
    until(lambda: leftovers(directory).processes, "the task runs")

    fleet.kill_worker("w1")
    supervisor, sleeper = leftovers(directory).supervisor, leftovers(directory).processes[0]
    alone = found(fleet, "leftovers")
    assert alone["state"] == "warning"
    assert f"its supervisor (process {supervisor}) still runs a process" in alone["finding"]
    assert "paceline worker --name w1 takes them over" in alone["todo"]

    _kill_with_guard(supervisor)
    until(lambda: not _lives(supervisor), "the supervisor is gone")
    orphan = found(fleet, "leftovers")
    assert orphan["state"] == "problem"
    assert orphan["todo"].endswith(f"kill -KILL {sleeper}")

    os.kill(sleeper, signal.SIGKILL)
    until(lambda: not leftovers(directory).processes, "the task is gone")
    socket = found(fleet, "leftovers")
    assert socket["state"] == "warning"
    assert "the socket of a supervisor that was killed is left" in socket["finding"]
    assert found(fleet, "here")["finding"].startswith("w1 does not run")


def test_what_a_dead_server_leaves(new_fleet: Fleet) -> None:
    new_fleet.start_server()
    new_fleet.kill_server()
    code, checks = doctor(new_fleet, "--only", "known", "--only", "connection", "--only", "leftovers")
    assert code == 1
    assert [each["state"] for each in checks] == ["problem", "problem", "warning"]
    assert "has ended" in checks[0]["finding"]
    assert "which was killed, is left" in checks[2]["finding"]


def _kill_with_guard(supervisor: int) -> None:
    """The guard first: it would end what its supervisor leaves."""
    guard = int(Path(f"/proc/{supervisor}/stat").read_text().rpartition(")")[2].split()[1])
    for pid in (guard, supervisor):
        os.kill(pid, signal.SIGKILL)


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}/exe").exists()
