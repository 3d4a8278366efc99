"""Whatever a supervisor ran is gone as soon as the supervisor is, with nobody there to start another one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from paceline.executors.loop import steady
from paceline.executors.tree import children
from tests.supervisor.host import PATIENCE, Agent, Host, Said, alive
from tests.supervisor.test_trees import HIDE, daemon

pytestmark = pytest.mark.system


@pytest.fixture
def guard(host: Host) -> "Iterator[subprocess.Popen[bytes]]":
    """As an agent starts it."""
    command = [sys.executable, "-m", "paceline.supervisor", str(host.directory)]
    process = host.run_beside(command)
    assert process.stdout
    assert b"listens" in process.stdout.readline()
    yield process
    for supervisor in children(process.pid):
        os.kill(supervisor, signal.SIGKILL)


def begin(host: Host, agent: Agent, key: str, script: str) -> Said:
    said = host.said()
    agent.say(host.launch(key, [sys.executable, "-c", script]))
    return said


@pytest.mark.parametrize("trick", ["pass", HIDE])
def test_daemons_of_a_killed_supervisor_are_killed(host: Host, guard: "subprocess.Popen[bytes]", trick: str) -> None:
    agent = host.agent()
    pid = int(begin(host, agent, "1.0#1", daemon(trick)).line())
    [supervisor] = children(guard.pid)
    assert agent.holds.pid == supervisor
    os.kill(supervisor, signal.SIGKILL)
    began = steady()
    guard.wait(PATIENCE)
    assert not alive(pid)
    assert steady() - began < 3.0


def test_a_supervisor_that_leaves_takes_its_guard_along(host: Host, guard: "subprocess.Popen[bytes]") -> None:
    agent = host.agent()
    [supervisor] = children(guard.pid)
    os.kill(supervisor, signal.SIGTERM)
    agent.hung_up()
    assert guard.wait(PATIENCE) == 0


def test_a_guard_is_deaf_to_who_means_the_supervisor(host: Host, guard: "subprocess.Popen[bytes]") -> None:
    agent = host.agent()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        guard.send_signal(number)
    assert agent.run(host.launch("1.0#1", ["true"])).outcome == "SUCCEEDED"
    os.kill(agent.holds.pid, signal.SIGKILL)
    guard.wait(PATIENCE)
