"""The supervisor itself: agents come and go, it stays; how it leaves, and what the next one finds."""

import os
import pickle
import signal
import sys

import pytest

from paceline.executor import SOCKET, Began, Halt, Lease, Retire, Settle, Unbegun
from paceline.executors.tree import children
from tests.supervisor.host import PATIENCE, Host, alive, reaped
from tests.supervisor.test_trees import begin, daemon

pytestmark = pytest.mark.system


def test_an_agent_hears_first_what_is_held_and_then_what_ended(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "echo > said; exec sleep 1000"]))
    said.line()
    agent.run(host.launch("1.1#1", ["sh", "-c", "exit 4"]))
    agent.run(host.launch("1.2#1", ["true"]))
    agent.say(Settle(keys=["1.2#1"]))
    agent.close()

    after = host.agent()
    assert (after.holds.pid, after.holds.keys) == (host.supervisor.pid, ["1.0#1"])
    assert after.end("1.1#1").code == 4
    assert after.wait(Began, "1.0#1").out == str(host.path("1.0#1", "out"))
    after.say(Settle(keys=["1.1#1"]), Halt(key="1.0#1", outcome="CANCELLED"))
    after.end("1.0#1")
    assert set(after.ends) == {"1.0#1", "1.1#1"}


def test_what_ends_without_an_agent_is_told_to_the_next(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "echo $$ > said; sleep 0.2; exit 7"]))
    pid = int(said.line())
    agent.close()
    reaped(pid)
    assert host.agent().end("1.0#1").code == 7


def test_tasks_that_lost_their_process_without_an_agent_are_returned(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.call("dispatch", ("stay",), ("add", 1, 2)))
    pid = int(said.line())
    agent.close()
    os.kill(pid, signal.SIGKILL)
    reaped(pid)
    after = host.agent()
    assert after.end("1.0#1").outcome == "FAILED"
    assert after.end("1.1#1").outcome == "RETURNED"


def test_a_new_agent_replaces_the_old_one(host: Host) -> None:
    first = host.start()
    second = host.agent()
    assert first.hung_up()
    assert second.run(host.launch("1.0#1", ["true"])).outcome == "SUCCEEDED"


def test_nonsense_ends_the_connection_and_nothing_else(host: Host) -> None:
    agent = host.start()
    agent.say(host.launch("1.0#1", ["sleep", "1000"]))
    agent.wait(Began)
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\x02\0\0\0\0\0\0\0{}", b"\xff" * 8):
        agent.socket.sendall(nonsense)
        assert agent.hung_up()
        agent = host.agent()
    assert agent.holds.keys == ["1.0#1"]


def test_an_order_given_twice_is_carried_out_once(host: Host) -> None:
    agent = host.start()
    order = host.launch("1.0#1", ["echo", "once"])
    agent.run(order)
    agent.ends.clear()
    assert agent.run(order).outcome == "SUCCEEDED"
    assert host.out("1.0#1") == "once\n"


def test_a_lease_that_runs_out_ends_everything(host: Host) -> None:
    """Which is no loss that a task can be suspected of, however often its server is out of reach."""
    agent, said = host.start(), host.said()
    stubborn = "trap '' TERM; echo $$ > said; while :; do sleep 1000; done"
    agent.say(host.launch("1.0#1", ["sh", "-c", stubborn]))
    agent.say(host.call("dispatch", ("stay",), ("add", 1, 2), job=2))
    pids = [int(said.line()), int(said.line())]
    agent.say(Lease(seconds=0.2))
    for key in ("1.0#1", "2.0#1", "2.1#1"):
        assert agent.end(key).outcome == "INTERRUPTED"
    assert not any(map(alive, pids))


def test_a_lease_runs_out_without_an_agent_too(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "echo $$ > said; exec sleep 1000"]), Lease(seconds=0.5))
    said.line()
    agent.close()
    assert host.agent().end("1.0#1").outcome == "INTERRUPTED"


def test_nothing_begins_on_a_lease_that_ran_out(host: Host) -> None:
    agent = host.start()
    agent.say(host.launch("1.0#1", ["sleep", "1000"]), Lease(seconds=0.05))
    agent.end("1.0#1")
    end = agent.run(host.launch("1.1#1", ["true"]))
    assert (end.outcome, end.detail) == ("INTERRUPTED", "the worker's lease had run out")
    agent.say(Lease(seconds=100.0))
    assert agent.run(host.launch("1.2#1", ["true"])).outcome == "SUCCEEDED"


def test_a_lease_can_be_renewed_and_lifted(host: Host) -> None:
    agent = host.start()
    agent.say(Lease(seconds=0.1), Lease(seconds=0.0))
    assert agent.run(host.launch("1.0#1", ["sleep", "0.3"])).outcome == "SUCCEEDED"


def test_retired_it_leaves_when_nothing_runs_and_all_is_settled(host: Host) -> None:
    agent = host.start()
    agent.calls(host.call("add", (1, 2)))
    agent.say(Retire(), host.launch("2.0#1", ["true"]))
    agent.end("2.0#1")
    agent.say(Settle(keys=["1.0#1", "2.0#1"]))
    assert host.supervisor.wait(PATIENCE) == 0
    assert not (host.directory / SOCKET).exists()


def test_alone_and_idle_it_leaves(host: Host) -> None:
    agent = host.start(idle=0.1)
    pid = agent.run(host.launch("1.0#1", ["true"]))
    agent.say(Settle(keys=[pid.key]))
    agent.close()
    assert host.supervisor.wait(PATIENCE) == 0


def test_alone_from_the_beginning_it_leaves(host: Host) -> None:
    assert host.run(idle=0.1).wait(PATIENCE) == 0


def test_without_its_directory_it_takes_everything_along(host: Host) -> None:
    agent, said = host.start(idle=0.1), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "echo $$ > said; exec sleep 1000"]))
    pid = int(said.line())
    (host.directory / SOCKET).unlink()
    agent.close()
    assert host.supervisor.wait(PATIENCE) == 0
    assert not alive(pid)


def test_ends_nobody_heard_keep_it_until_the_lease_is_over(host: Host) -> None:
    agent, said = host.start(idle=0.05), host.said()
    agent.say(Lease(seconds=0.6), host.launch("1.0#1", ["sh", "-c", "echo > said"]))
    said.line()
    agent.close()
    again = host.agent()
    assert again.end("1.0#1").outcome == "SUCCEEDED"
    again.close()
    assert host.supervisor.wait(PATIENCE) == 0


def test_told_to_stop_it_takes_everything_along(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.launch("1.0#1", ["sh", "-c", "echo $$ > said; exec sleep 1000"]))
    pid = int(said.line())
    host.supervisor.terminate()
    assert agent.end("1.0#1").outcome == "INTERRUPTED"
    agent.say(Settle(keys=["1.0#1"]))
    assert host.supervisor.wait(PATIENCE) == 0
    assert not alive(pid)


def test_there_is_one_per_directory(host: Host) -> None:
    agent = host.start()
    second = host.run()
    _, errors = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert f"supervisor {agent.holds.pid} lives here" in errors.decode()


def test_a_directory_of_no_use_is_named(host: Host) -> None:
    host.directory = host.directory / "file" / "below"
    host.directory.parent.write_text("")
    process = host.run()
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert str(host.directory) in errors.decode()


def test_a_killed_one_leaves_nothing_to_its_successor(host: Host) -> None:
    agent = host.start()
    stranger = host.run_beside(["sleep", "1000"])
    left = [int(begin(host, agent, "1.0#1", daemon()).line())]
    (end,) = agent.calls(host.call("leave_a_child", (), job=2))
    left += [pickle.loads(end.result), *children(host.supervisor.pid)]  # noqa: S301 - our own
    assert len(left) == 5  # a daemon, a child, and of the supervisor's: the program, its daemon, the warm process
    host.supervisor.kill()
    host.supervisor.wait()
    assert all(map(alive, left))

    successor = host.start()
    assert successor.holds.keys == []
    assert not any(map(alive, left))
    assert alive(stranger.pid)
    assert successor.run(host.launch("1.0#2", ["true"])).outcome == "SUCCEEDED"


def test_a_long_directory_is_no_obstacle(host: Host) -> None:
    host.directory = host.directory / ("long" * 40)
    host.directory.mkdir()
    agent = host.start()
    assert agent.run(host.launch("1.0#1", ["true"])).outcome == "SUCCEEDED"


def test_it_starts_by_its_module(host: Host) -> None:
    process = host.run_beside([sys.executable, "-m", "paceline.supervisor", str(host.directory)])
    assert process.stdout
    said = process.stdout.readline().decode()
    agent = host.agent()
    assert said == f"supervisor {agent.holds.pid} listens in {host.directory}\n"
    agent.say(Retire())
    assert process.wait(PATIENCE) == 0


def test_an_order_it_fails_at_harms_nobody(host: Host) -> None:
    agent = host.start()
    assert agent.run(host.launch("2.0#1", ["true"], env={"A": 1})).outcome == "LAUNCH"
    assert agent.run(host.launch("2.1#1", ["true"])).outcome == "SUCCEEDED"


def test_a_call_whose_body_it_does_not_have_is_wanted_anew(host: Host) -> None:
    agent = host.start()
    agent.say(host.call("add", (1, 2), blobs=[b"", b""], digest="not kept"))
    assert agent.wait(Unbegun).keys == ["1.0#1"]
    assert [end.outcome for end in agent.calls(host.call("add", (1, 2)))] == ["SUCCEEDED"]


def test_usage_is_told(host: Host) -> None:
    process = host.run_beside([sys.executable, "-m", "paceline.supervisor"])
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "usage: python -m paceline.supervisor DIRECTORY" in errors.decode()
