"""Progress: from ``paceline.train.report`` in a user process to the agent."""

import json
import socket
import sys
from pathlib import Path

import pytest

from paceline.executor import REPORTS, Ended, Progress
from paceline.supervisor.reports import pause
from paceline.unix import address
from tests.supervisor.host import Agent, Host

pytestmark = pytest.mark.system


def told(agent: Agent, key: str) -> list[Progress]:
    return [word for word in agent.words if isinstance(word, Progress) and word.key == key]


def send(host: Host, data: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out, address(host.directory / REPORTS) as where:
        out.sendto(data, where)


def environment(host: Host) -> dict[str, str]:
    return {
        "PACELINE_TASK_ID": "1.0",
        "PACELINE_ATTEMPT": "1",
        "PACELINE_REPORTS": str(host.directory / REPORTS),
    }


SCRIPT = """
from paceline.train import report
for step in range(300):
    report(step=step, loss=1 / (step + 1), worst=float("nan"))
"""


def test_a_program_reports_and_the_last_word_arrives_before_its_end(host: Host) -> None:
    agent = host.start()
    agent.run(host.launch("1.0#1", [sys.executable, "-c", SCRIPT], env=environment(host)))
    steps = [progress.step for progress in told(agent, "1.0#1")]
    assert steps == sorted(steps)
    assert steps[-1] == 299
    assert len(steps) < 300
    assert json.loads(told(agent, "1.0#1")[-1].values) == {"loss": 1 / 300, "worst": "NaN"}
    kinds = [type(word) for word in agent.words]
    assert kinds.index(Ended) > max(index for index, kind in enumerate(kinds) if kind is Progress)


def test_under_a_long_directory_too(host: Host) -> None:
    host.directory = host.directory / ("long" * 40)
    host.directory.mkdir()
    agent = host.start()
    agent.run(host.launch("1.0#1", [sys.executable, "-c", SCRIPT], env=environment(host)))
    assert told(agent, "1.0#1")[-1].step == 299


def test_a_function_reports_for_the_task_it_works_on(host: Host) -> None:
    agent = host.start()
    env = {"PACELINE_REPORTS": str(host.directory / REPORTS)}
    agent.calls(host.call("report_steps", (3,), (2,), env=env))
    assert told(agent, "1.0#1")[-1].step == 2
    assert told(agent, "1.1#1")[-1].step == 1


def test_the_longer_an_attempt_has_been_going_on_the_rarer_are_its_words() -> None:
    assert [pause(age) for age in (0.0, 2.5, 10.0, 50.0, 86_400.0)] == [0.05, 0.05, 0.2, 1.0, 1.0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"key": "1.0#1", "step": 1}',
        b'{"key": "1.0#1", "step": "1", "values": {}}',
        b'{"key": "1.0#1", "step": 1, "values": [1]}',
        b'{"key": "1.0#1", "step": 1, "values": {"loss": NaN}}',
        b'{"key": "9.9#9", "step": 1, "values": {}}',
        b'{"key": "1.0#1", "step": 1, "values": {"text": "' + b"x" * 70_000 + b'"}}',
        b"[" * 60_000,
    ],
)
def test_what_is_no_report_is_dropped(host: Host, data: bytes) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "echo > said; exec sleep 1000"]))
    said.line()
    send(host, data)
    send(host, b'{"key": "1.0#1", "step": 7, "values": {"a": 1}}')
    assert agent.wait(Progress).step == 7
    assert Path(host.directory / REPORTS).exists()
