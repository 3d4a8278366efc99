"""Programs of one launch: one after the other, each with an end of its own, told in company."""

import os
import signal

import pytest

from paceline.executor import Began, Ended, Halt
from paceline.executors.tree import children
from tests.supervisor.host import Host, alive

pytestmark = pytest.mark.system

KEYS = ["1.0#1", "1.1#1", "1.2#1"]


def test_they_run_in_their_order_and_never_two_at_a_time(host: Host) -> None:
    script = "mkdir busy && echo $KEY >> order && sleep 0.02 && rmdir busy"
    agent = host.start()
    agent.say(host.series(KEYS, ["sh", "-c", script]))
    assert [agent.end(key).outcome for key in KEYS] == ["SUCCEEDED"] * 3
    assert (host.directory / "order").read_text().split() == KEYS


def test_each_has_output_and_an_environment_of_its_own(host: Host) -> None:
    agent = host.start()
    agent.say(host.series(KEYS, ["sh", "-c", "echo $KEY"]))
    assert [agent.end(key).out_end for key in KEYS] == [6, 6, 6]
    assert [host.out(key).strip() for key in KEYS] == KEYS


def test_ends_of_short_ones_are_told_together(host: Host) -> None:
    agent = host.start()
    keys = [f"1.{index}#1" for index in range(60)]
    agent.say(host.series(keys, ["true"]))
    assert {agent.end(key).outcome for key in keys} == {"SUCCEEDED"}
    assert len([word for word in agent.words if isinstance(word, Ended)]) < len(keys)


def test_however_one_ends_the_next_begins(host: Host) -> None:
    agent = host.start()
    agent.say(host.series(KEYS, ["sh", "-c", "[ $KEY = 1.0#1 ] && kill -SEGV $$; [ $KEY = 1.1#1 ] && exit 3; exit 0"]))
    ends = [agent.end(key) for key in KEYS]
    assert [(end.outcome, end.code) for end in ends] == [("FAILED", -11), ("FAILED", 3), ("SUCCEEDED", 0)]


def test_one_that_cannot_be_started_keeps_nobody_waiting(host: Host) -> None:
    agent = host.start()
    here = str(host.directory)
    agent.say(host.series(KEYS, ["true"], cwds=[here, "/no/such/place", here]))
    assert [agent.end(key).outcome for key in KEYS] == ["SUCCEEDED", "LAUNCH", "SUCCEEDED"]
    assert "'/no/such/place'" in agent.end(KEYS[1]).detail


def test_an_end_does_not_wait_for_a_long_one_behind_it(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.series(KEYS[:2], ["sh", "-c", "[ $KEY = 1.0#1 ] || { echo $$ > said; sleep 1000; }"]))
    assert agent.end(KEYS[0]).outcome == "SUCCEEDED"
    assert agent.wait(Began, KEYS[1]).out == str(host.path(KEYS[1], "out"))
    assert alive(int(said.line()))


def test_one_that_waits_is_halted_at_once_and_does_not_begin(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.series(KEYS, ["sh", "-c", "touch $KEY.was; echo $$ > said; read line < go"]))
    os.mkfifo(host.directory / "go")
    said.line()
    agent.say(Halt(key=KEYS[1], outcome="RETURNED", detail="behind a long one"))
    assert (agent.end(KEYS[1]).outcome, agent.end(KEYS[1]).detail) == ("RETURNED", "behind a long one")
    assert not {KEYS[0], KEYS[2]} & agent.ends.keys()
    (host.directory / "go").write_text("\n")
    said.line()
    (host.directory / "go").write_text("\n")
    assert [agent.end(key).outcome for key in KEYS] == ["SUCCEEDED", "RETURNED", "SUCCEEDED"]
    assert not (host.directory / f"{KEYS[1]}.was").exists()


def test_the_one_at_work_is_halted_and_the_next_begins(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.series(KEYS[:2], ["sh", "-c", "[ $KEY != 1.0#1 ] || { echo $$ > said; sleep 1000; }"]))
    said.line()
    agent.say(Halt(key=KEYS[0], outcome="CANCELLED", grace=5.0))
    assert [agent.end(key).outcome for key in KEYS[:2]] == ["CANCELLED", "SUCCEEDED"]


def test_time_is_measured_and_limited_for_each(host: Host) -> None:
    agent = host.start()
    agent.say(host.series(KEYS, ["sh", "-c", "[ $KEY != 1.1#1 ] || sleep 1000; sleep 0.2"], timeout=0.35))
    ends = [agent.end(key) for key in KEYS]
    assert [end.outcome for end in ends] == ["SUCCEEDED", "TIMEOUT", "SUCCEEDED"]
    assert all(end.seconds < 5 for end in ends)


def test_a_new_agent_hears_of_all_that_have_not_ended(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.series(KEYS, ["sh", "-c", "[ $KEY = 1.0#1 ] || { echo $$ > said; sleep 1000; }"]))
    said.line()
    agent.end(KEYS[0])
    agent.close()
    after = host.agent()
    assert list(after.holds.keys) == KEYS[1:]
    assert after.end(KEYS[0]).outcome == "SUCCEEDED"  # not settled yet
    assert after.wait(Began, KEYS[1])


def test_what_a_short_one_leaves_behind_is_known_for_its_own(host: Host) -> None:
    """Even if it is just being loaded when its program ends, and somebody else's might be meant."""
    agent = host.start()
    agent.say(host.launch("99.0#1", ["sleep", "1000"]))
    leave = """(setsid sh -c 'trap "" TERM HUP; sleep 600' > /dev/null 2>&1 < /dev/null &)"""
    series = [[f"{job}.{index}#1" for index in range(6)] for job in range(1, 25)]
    agent.say(*(host.series(keys, ["sh", "-c", leave], grace=0.1) for keys in series))
    assert {agent.end(key).outcome for keys in series for key in keys} == {"SUCCEEDED"}
    assert len(children(host.supervisor.pid)) == 1


def test_all_of_it_ends_with_the_supervisor(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.series(KEYS, ["sh", "-c", "echo $$ > said; sleep 1000"]))
    pid = int(said.line())
    host.supervisor.send_signal(signal.SIGTERM)
    assert [agent.end(key).outcome for key in KEYS] == ["INTERRUPTED"] * 3
    assert not alive(pid)
