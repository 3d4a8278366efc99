"""Programs and functions that want more memory than they asked for: ended, told as that, and nothing left behind."""

import os
import signal
import sys
from pathlib import Path

import pytest

from paceline.executor import Halt, Unbegun
from paceline.executors.groups import find_home
from paceline.executors.loop import steady
from paceline.executors.tree import children
from tests.supervisor.host import PATIENCE, Agent, Host, reaped
from tests.supervisor.test_trees import HIDE, daemon

pytestmark = pytest.mark.system

LIMIT = 64 << 20
HOG = "import time; x = bytearray(1 << 30)[::4096]; time.sleep(60)"
"""Really touches a gibibyte."""
MODEST = "x = bytearray(8 << 20); print(len(x))"


def groups(host: Host) -> list[Path]:
    """Control groups that belong to the host's supervisor."""
    record = host.directory / "supervisor.groups"
    stem = Path(record.read_text()) if record.exists() else Path("/nowhere")
    return list(stem.parent.glob(f"{stem.name}-*"))


def demand_groups() -> None:
    try:
        find_home(Path("/proc/self"))
    except OSError as error:
        pytest.skip(f"control groups with memory limits cannot be made here: {error}")


@pytest.fixture(params=["group", "watch"])
def agent(host: Host, request: pytest.FixtureRequest) -> Agent:
    """Of a supervisor that may, or may not, make control groups."""
    if request.param == "watch":
        return host.start(proc="Path('/nowhere')")
    demand_groups()
    return host.start()


def test_a_program_that_wants_too_much_is_told_as_out_of_memory(host: Host, agent: Agent) -> None:
    end = agent.run(host.launch("1.0#1", [sys.executable, "-c", HOG], memory=LIMIT))
    assert (end.outcome, end.code) == ("OOM", -signal.SIGKILL)
    assert end.detail.startswith("killed: out of memory: peak ")
    assert " of 64 MiB" in end.detail
    assert groups(host) == []


def test_a_program_that_stays_below_is_left_alone(host: Host, agent: Agent) -> None:
    end = agent.run(host.launch("1.0#1", [sys.executable, "-c", MODEST], memory=LIMIT))
    assert (end.outcome, end.detail) == ("SUCCEEDED", "")
    assert groups(host) == []


def test_the_whole_tree_counts_and_goes(host: Host, agent: Agent) -> None:
    """A parent that would wait for its killed child for ever."""
    script = f"{sys.executable} -c '{HOG}' & echo $!; sleep 1000"
    end = agent.run(host.launch("1.0#1", ["sh", "-c", script], memory=LIMIT))
    assert end.outcome == "OOM"
    reaped(int(host.out("1.0#1")))
    assert groups(host) == []


def test_a_function_that_wants_too_much_is_told_as_out_of_memory(host: Host, agent: Agent) -> None:
    agent.say(host.call("hog", (1 << 30,), (1 << 10,), memory=2 * LIMIT))
    end = agent.end("1.0#1")
    assert end.outcome == "OOM"
    assert " of 128 MiB" in end.detail
    assert agent.wait(Unbegun).keys == ["1.1#1"]


def test_a_limit_below_what_it_takes_to_start_is_told(host: Host, agent: Agent) -> None:
    end = agent.run(host.launch("1.0#1", [sys.executable, "-c", "import time; time.sleep(5)"], memory=1 << 20))
    assert end.outcome == "OOM"
    assert " of 1 MiB" in end.detail
    (end,) = agent.calls(host.call("add", (1, 2), memory=1 << 20))
    assert end.outcome == "OOM"


def test_a_daemon_that_hides_goes_with_its_group(host: Host) -> None:
    demand_groups()
    agent = host.start()
    agent.say(host.launch("1.1#1", ["sleep", "1000"]))  # so that it may be this one's
    said = host.said()
    agent.say(host.launch("1.0#1", [sys.executable, "-c", daemon(HIDE)], memory=LIMIT))
    pid = int(said.line())
    agent.say(Halt(key="1.0#1", outcome="CANCELLED"))
    assert agent.end("1.0#1").outcome == "CANCELLED"
    reaped(pid)
    until_none(host)


def until_none(host: Host) -> None:
    """Wait for the groups to be gone: what was in them takes a moment to die."""
    deadline = steady() + PATIENCE
    while groups(host):
        assert steady() < deadline, groups(host)
        os.sched_yield()


def test_what_cannot_be_started_leaves_no_group(host: Host, agent: Agent) -> None:
    assert agent.run(host.launch("1.0#1", ["/no/such/program"], memory=LIMIT)).outcome == "LAUNCH"
    assert groups(host) == []


def test_groups_of_a_killed_supervisor_are_removed_by_the_next(host: Host) -> None:
    demand_groups()
    agent = host.start()
    agent.say(host.launch("1.0#1", ["sleep", "1000"], memory=LIMIT))
    agent.until(lambda: bool(children(host.supervisor.pid)))
    left = groups(host)
    assert len(left) == 1
    os.kill(host.supervisor.pid, signal.SIGKILL)
    host.supervisor.wait()
    host.start()
    assert not any(path.exists() for path in left)


def test_a_killed_process_says_how_large_it_was(host: Host) -> None:
    script = f"import os; x = bytearray(200 << 20)[::4096]; os.kill(os.getpid(), {signal.SIGKILL:d})"
    end = host.start().run(host.launch("1.0#1", [sys.executable, "-c", script]))
    assert end.outcome == "FAILED"
    assert "its largest process had 2" in end.detail
