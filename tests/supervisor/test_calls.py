"""Functions in warm processes: what they return, how they fail, and whose fault it is when their process ends."""

import contextlib
import os
import pickle
import selectors
import signal
from collections.abc import Sequence
from typing import Any

import pytest

from paceline.config import PAYLOAD_LIMIT
from paceline.executor import Began, Call, Ended, Halt, Unbegun
from paceline.executors.idle import KEEP
from paceline.executors.tree import children
from tests.supervisor.functions import Stubborn
from tests.supervisor.host import PATIENCE, Agent, Host, alive

pytestmark = pytest.mark.system


def value(result: bytes) -> Any:
    return pickle.loads(result)  # noqa: S301 - our own


def test_calls_return_values_in_order(host: Host) -> None:
    agent = host.start()
    ends = agent.calls(host.call("add", *((index, 10) for index in range(30))))
    assert [value(end.result) for end in ends] == [index + 10 for index in range(30)]
    assert {(end.outcome, end.code, end.detail) for end in ends} == {("SUCCEEDED", 0, "")}


def test_one_process_serves_one_call_after_the_other_and_knows_its_task(host: Host) -> None:
    agent = host.start()
    seen = [value(agent.calls(host.call("where", (), job=job))[0].result) for job in (1, 2, 3)]
    assert len({pid for pid, _ in seen}) == 1
    assert [key for _, key in seen] == ["1.0#1", "2.0#1", "3.0#1"]


def test_calls_at_the_same_time_have_processes_of_their_own(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.call("stay", (0.2,), job=1), host.call("stay", (0.2,), job=2))
    assert len({said.line(), said.line()}) == 2
    agent.end("1.0#1")
    agent.end("2.0#1")


@pytest.mark.parametrize("fields", [{"env": {"A": "1"}}, {"cwd": "/"}])
def test_unequal_calls_share_no_process(host: Host, fields: dict[str, Any]) -> None:
    agent = host.start()
    first = value(agent.calls(host.call("where", (), job=1))[0].result)
    second = value(agent.calls(host.call("where", (), job=2, **fields))[0].result)
    assert first[0] != second[0]


def test_the_body_is_sent_once(host: Host) -> None:
    agent = host.start()
    order = host.call("add", (1, 2))
    agent.calls(order)
    again = host.call("add", (3, 4), job=2)
    agent.say(Call(**{**{name: getattr(again, name) for name in Call.__slots__}, "blobs": [b"", again.blobs[1]]}))
    assert value(agent.end("2.0#1").result) == 7


def test_an_exception_comes_home_with_its_traceback(host: Host) -> None:
    (end,) = host.start().calls(host.call("fail", ("bad value",)))
    assert (end.outcome, end.detail) == ("FAILED", "ValueError: bad value")
    error, text = value(end.result)
    assert (type(error), error.args) == (ValueError, ("bad value",))
    assert "in fail" in text
    assert "user_code" not in text


def test_an_exception_that_cannot_come_home_sends_another(host: Host) -> None:
    (end,) = host.start().calls(host.call("fail_stubbornly", ()))
    assert end.detail == "Stubborn: 1 2"
    error, text = value(end.result)
    assert (type(error), str(error)) == (RuntimeError, "Stubborn: 1 2")
    assert Stubborn.__name__ in text


@pytest.mark.parametrize(
    ("function", "arguments", "detail"),
    [
        ("leave", (0,), "SystemExit: 0"),
        ("leave", (3,), "SystemExit: 3"),
        ("interrupt", (), "KeyboardInterrupt"),
        ("make_lock", (), "TypeError: cannot pickle"),
        ("add", (1,), "TypeError: add() missing 1 required positional argument: 'b'"),
        ("vanish", (0,), "the function ended its process: exit code 0"),
        ("vanish", (3,), "the function ended its process: exit code 3"),
        ("crash", (), "the function ended its process: killed by signal 11 (SIGSEGV)"),
        ("be_killed", (), "the function ended its process: killed by signal 9 (SIGKILL), by nobody here: the usual"),
        ("close_files", (), "the function ended its process: exit code 1"),
    ],
)
def test_failures_say_what_happened(host: Host, function: str, arguments: tuple[object, ...], detail: str) -> None:
    agent = host.start()
    (end,) = agent.calls(host.call(function, arguments))
    assert end.outcome == "FAILED"
    assert end.detail.startswith(detail)
    assert value(agent.calls(host.call("add", (1, 1), job=2))[0].result) == 2


def test_damage_to_the_shared_memory_is_noticed(host: Host) -> None:
    agent = host.start()
    _, second = agent.calls(host.call("scribble", (), ()))
    assert (second.outcome, second.detail) == (
        "FAILED",
        "the function damaged memory that its process shares with Paceline",
    )
    assert agent.calls(host.call("add", (1, 1), job=2))[0].outcome == "SUCCEEDED"


@pytest.mark.parametrize(
    ("function", "detail"),
    [
        ("no_such_thing", "AttributeError: module 'tests.supervisor.functions' has no attribute 'no_such_thing'"),
        ("NOT_A_FUNCTION", "TypeError: tests.supervisor.functions:NOT_A_FUNCTION is int, which cannot be called"),
    ],
)
def test_what_cannot_be_loaded_is_not_launched(host: Host, function: str, detail: str) -> None:
    first, second = host.start().calls(host.call(function, (), ()))
    assert (first.outcome, first.detail) == ("LAUNCH", f"cannot load what to run: {detail}")
    assert second.outcome == "LAUNCH"


def test_a_result_too_large_is_rejected_with_advice(host: Host) -> None:
    (end,) = host.start().calls(host.call("make", (PAYLOAD_LIMIT + 1,)))
    assert end.outcome == "REJECTED"
    assert "1,048," in end.detail
    assert "return where it is" in end.detail


def test_bad_parameters_are_rejected(host: Host) -> None:
    (end,) = host.start().calls(host.call("add", (), blobs=[b'{"reff": "a:b"}'], digest="bad"))
    assert (end.outcome, end.detail) == ("REJECTED", "function.reff: there is no such parameter; did you mean 'ref'?")


def test_a_python_that_is_not_there_is_named(host: Host) -> None:
    first, second = host.start().calls(host.call("add", (1, 2), (1, 2), python="/no/such/python"))
    assert first.outcome == second.outcome == "LAUNCH"
    assert "there is no program '/no/such/python'" in first.detail


def test_a_python_without_paceline_says_so(host: Host) -> None:
    agent = host.start()
    first, second = agent.calls(host.call("add", (1, 2), (1, 2), python="/bin/false"))
    assert (first.outcome, first.detail) == ("LAUNCH", "its process could not start: exit code 1")
    assert second.outcome == "LAUNCH"


def test_output_belongs_to_the_task_that_wrote_it(host: Host) -> None:
    agent = host.start()
    ends = agent.calls(host.call("say", ("a",), ("bc",), ("def",)))
    began = agent.wait(Began, "1.0#1")
    assert [end.out_end for end in ends] == [2, 5, 9]
    assert [end.err_end for end in ends] == [2, 5, 9]
    with open(began.out) as out:  # noqa: PTH123 - a name that was told
        assert out.read() == "a\nbc\ndef\n"


def told(agent: Agent) -> list[tuple[str, Sequence[str], int]]:
    """Beginnings and ends in the order in which they were said, and from where on the output of those begins."""
    return [
        ("began", [word.key], word.out_start) if isinstance(word, Began) else ("ended", word.keys, -1)
        for word in agent.words
        if isinstance(word, Began | Ended)
    ]


def test_a_new_agent_hears_where_the_output_of_what_ended_lies(host: Host) -> None:
    agent = host.start()
    agent.say(mixed(host, ("say", "a"), ("add", 1, 2), ("say", "bc"), ("stay",)))
    agent.end("1.2#1")
    agent.close()  # without having settled anything: it may not have heard of it
    later = host.agent()
    began = later.wait(Began, "1.3#1")
    assert told(later)[:5] == [
        ("began", ["1.0#1"], 0),
        ("ended", ["1.0#1", "1.1#1"], -1),
        ("began", ["1.2#1"], 2),
        ("ended", ["1.2#1"], -1),
        ("began", ["1.3#1"], 5),
    ]
    assert later.wait(Began, "1.0#1").out == began.out


def test_a_beginning_behind_output_is_told_after_the_end_before_it(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(mixed(host, ("stay", 0.1), ("say", "a"), ("stay_late",)))
    said.line()
    host.supervisor.send_signal(signal.SIGSTOP)
    said.line()  # nobody takes in what ended meanwhile
    host.supervisor.send_signal(signal.SIGCONT)
    agent.wait(Began, "1.2#1")
    agent.end("1.1#1")
    assert told(agent)[-2:] == [("ended", ["1.0#1", "1.1#1"], -1), ("began", ["1.2#1"], 2)]


@pytest.mark.parametrize("function", ["say_in_c", "say_directly"])
def test_output_past_python_is_output_too(host: Host, function: str) -> None:
    agent = host.start()
    first, second = agent.calls(host.call(function, ("one",), ("two",)))
    assert 0 < first.out_end < second.out_end


def test_a_later_call_starts_where_the_earlier_one_stopped(host: Host) -> None:
    agent = host.start()
    agent.calls(host.call("say", ("first",)))
    agent.calls(host.call("say", ("second",), job=2))
    assert agent.wait(Began, "2.0#1").out_start == agent.end("1.0#1").out_end == 6


def test_standard_files_that_are_taken_away_harm_nobody(host: Host) -> None:
    agent = host.start()
    ends = agent.calls(host.call("take_stdout_away", (), ()))
    assert [end.outcome for end in ends] == ["SUCCEEDED", "SUCCEEDED"]
    assert agent.calls(host.call("add", (1, 2), job=2))[0].outcome == "SUCCEEDED"


def test_a_fork_that_comes_back_is_not_heard(host: Host) -> None:
    agent = host.start()
    ends = agent.calls(host.call("fork_and_return", (), ()))
    assert [value(end.result) for end in ends] == [2, 2]


def mixed(host: Host, *calls: tuple[object, ...], timeout: float = 0.0) -> Call:
    """The function to call is the first of each call's arguments."""
    return host.call("dispatch", *calls, timeout=timeout)


def test_a_crash_is_blamed_on_the_task_at_work(host: Host) -> None:
    agent = host.start()
    agent.say(mixed(host, ("add", 1, 2), ("crash",), ("add", 3, 4), ("add", 5, 6)))
    unbegun = agent.wait(Unbegun)
    assert value(agent.end("1.0#1").result) == 3
    assert (agent.end("1.1#1").outcome, agent.end("1.1#1").code) == ("FAILED", -signal.SIGSEGV)
    assert unbegun.keys == ["1.2#1", "1.3#1"]


def test_a_task_that_takes_long_is_told_of_and_so_are_those_before_it(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(mixed(host, ("say", "a"), ("add", 1, 2), ("stay",), ("add", 3, 4)))
    said.line()
    began = agent.wait(Began, "1.2#1")
    assert began.out_start == agent.end("1.1#1").out_end == 2
    assert set(agent.ends) == {"1.0#1", "1.1#1"}


def test_a_timeout_ends_the_task_at_work_only(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(mixed(host, ("add", 1, 2), ("stay",), ("add", 3, 4), timeout=0.3))
    pid = int(said.line())
    unbegun = agent.wait(Unbegun)
    end = agent.end("1.1#1")
    assert (end.outcome, end.detail) == ("TIMEOUT", "ran longer than 0.3 s")
    assert end.seconds >= 0.3
    assert unbegun.keys == ["1.2#1"]
    assert not alive(pid)


def test_a_timeout_is_per_task(host: Host) -> None:
    ends = host.start().calls(mixed(host, *[("nap", 0.15)] * 4, timeout=0.4))
    assert {end.outcome for end in ends} == {"SUCCEEDED"}


def test_a_halt_of_the_task_at_work_ends_its_process(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(mixed(host, ("stay",), ("add", 1, 2)))
    pid = int(said.line())
    agent.say(Halt(key="1.0#1", outcome="CANCELLED", detail="by somebody"))
    end = agent.end("1.0#1")
    assert (end.outcome, end.detail, end.code) == ("CANCELLED", "by somebody", -signal.SIGTERM)
    assert agent.wait(Unbegun).keys == ["1.1#1"]
    assert not alive(pid)


@pytest.mark.parametrize(("function", "arguments"), [("ask_again", ()), ("leave", (75,))])
def test_a_function_can_ask_for_another_attempt(host: Host, function: str, arguments: tuple[object, ...]) -> None:
    (end,) = host.start().calls(host.call(function, arguments))
    assert (end.outcome, end.code, end.detail) == ("REQUEUED", 0, "asked for another attempt")
    assert end.err_end == 0, "it is no failure: there is nothing to trace"


@pytest.mark.parametrize("then", ["", "again"])
def test_a_function_that_looks_whether_it_should_stop_has_its_grace(host: Host, then: str) -> None:
    agent, said = host.start(), host.said()
    agent.say(host.call("stay_until_asked", (then,), ()))
    pid = int(said.line())
    agent.say(Halt(key="1.0#1", outcome="INTERRUPTED", detail="the worker was stopped", grace=PATIENCE))
    end = agent.end("1.0#1")
    assert (end.outcome, end.detail, end.result) == ("INTERRUPTED", "the worker was stopped", b"")
    assert end.out_end == len("a last word\n")
    assert agent.wait(Unbegun).keys == ["1.1#1"], "the process that was asked to end takes up nothing more"
    assert not alive(pid)


def test_a_timeout_gives_grace_and_no_more(host: Host) -> None:
    agent = host.start()
    host.said()
    (end,) = agent.calls(host.call("stay_until_asked", ("stay",), timeout=0.3, grace=0.3))
    assert (end.outcome, end.detail) == ("TIMEOUT", "ran longer than 0.3 s")
    assert end.out_end == len("a last word\n")


def test_who_looked_once_is_not_remembered(host: Host) -> None:
    """The next task in the same process is ended by TERM as ever."""
    agent, said = host.start(), host.said()
    agent.say(host.call("dispatch", ("peek",), ("stay",)))
    said.line()
    agent.say(Halt(key="1.1#1", outcome="CANCELLED", detail="", grace=PATIENCE))
    end = agent.end("1.1#1")
    assert (end.outcome, end.code) == ("CANCELLED", -signal.SIGTERM)


def test_a_halt_of_a_later_task_disturbs_nobody(host: Host) -> None:
    agent, said = host.start(), host.said()
    agent.say(mixed(host, ("stay", 0.3), ("say", "never"), ("add", 1, 2)))
    said.line()
    agent.say(Halt(key="1.1#1", outcome="CANCELLED"))
    assert agent.end("1.1#1").outcome == "CANCELLED"
    assert set(agent.ends) == {"1.1#1"}  # at once
    assert agent.end("1.0#1").outcome == "SUCCEEDED"
    assert value(agent.end("1.2#1").result) == 3
    assert agent.end("1.2#1").out_end == 0  # it was indeed never called
    assert len([word for word in agent.words if isinstance(word, Unbegun)]) == 0


def test_a_halt_while_the_process_starts_is_at_once(host: Host) -> None:
    agent = host.start()
    agent.say(host.call("say", ("never",), ("said",)), Halt(key="1.0#1", outcome="CANCELLED"))
    assert agent.end("1.0#1").outcome == "CANCELLED"
    assert agent.end("1.1#1").out_end == len("said\n")


def test_what_a_function_leaves_running_goes_with_its_process(host: Host) -> None:
    agent = host.start()
    pid = value(agent.calls(host.call("leave_a_child", ()))[0].result)
    assert alive(pid)
    agent.calls(host.call("crash", (), job=2))
    assert not alive(pid)


def test_a_pool_keeps_few_idle_processes(host: Host) -> None:
    agent, said, many = host.start(), host.said(), KEEP + 3
    agent.say(*(host.call("stay", (0.5,), job=job) for job in range(many)))
    for _ in range(many):
        said.line()
    ends = selectors.DefaultSelector()
    with contextlib.ExitStack() as watched:
        for pid in children(host.supervisor.pid):
            watched.callback(os.close, process := os.pidfd_open(pid))
            ends.register(process, selectors.EVENT_READ)
        for job in range(many):
            agent.end(f"{job}.0#1")
        while len(ends.get_map()) > KEEP:
            gone = ends.select(PATIENCE)
            assert gone, "they are all still there"
            for key, _ in gone:
                ends.unregister(key.fileobj)


def test_empty_output_files_are_removed_with_their_process(host: Host) -> None:
    agent = host.start()
    agent.calls(host.call("crash", ()))
    (left,) = (host.directory / "logs").iterdir()
    assert left.suffix == ".err"  # where the crash was reported


def test_an_unknown_kind_is_rejected(host: Host) -> None:
    (end,) = host.start().calls(host.call("", (), kind="nothing", blobs=[b"{}"], digest="nothing"))
    assert end.outcome == "REJECTED"
    assert "there is no kind 'nothing'" in end.detail
