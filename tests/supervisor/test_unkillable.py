"""A process that does not die of KILL: here a frozen one, elsewhere one that waits for a dead disk or device."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from paceline.executor import Halt
from tests.supervisor.host import Host, reaped

FREEZER = Path("/sys/fs/cgroup/freezer")

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not os.access(FREEZER / "tasks", os.W_OK), reason="needs a cgroup v1 freezer to write to"),
]


@pytest.fixture
def freezer() -> Iterator[Path]:
    group = FREEZER / f"paceline-test-{os.getpid()}"
    group.mkdir()
    yield group
    (group / "freezer.state").write_text("THAWED")
    for pid in (group / "tasks").read_text().split():
        reaped(int(pid))
    group.rmdir()


def test_it_is_given_up_by_its_pid_and_nothing_else_suffers(host: Host, freezer: Path) -> None:
    agent, said = host.start(patience=0.2), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "echo $$ > said; exec sleep 1000"]))
    pid = said.line()
    (freezer / "tasks").write_text(pid)
    (freezer / "freezer.state").write_text("FROZEN")
    agent.say(Halt(key="1.0#1", outcome="CANCELLED", grace=0.0))
    end = agent.end("1.0#1")
    assert end.outcome == "UNKILLABLE"
    assert f"pid {pid};" in end.detail
    assert agent.run(host.launch("1.1#1", ["sh", "-c", "sleep 1000 & exit 0"])).outcome == "SUCCEEDED"
    (freezer / "freezer.state").write_text("THAWED")
    reaped(int(pid))
    assert agent.run(host.launch("1.2#1", ["true"])).outcome == "SUCCEEDED"
