"""Calls and records through one file in memory."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from paceline.executors.channel import PAGE, SKIPPED, Callee, Caller, Record, Task

TASK = Task("function", "digest", "/body")


@pytest.fixture
def caller() -> Iterator[Caller]:
    caller = Caller()
    yield caller
    caller.close()


def record(number: int, result: bytes = b"") -> Record:
    return ("SUCCEEDED", float(number), 0.5, number, number + 1, "", result)


def test_a_call_arrives_whole(caller: Caller) -> None:
    callee = Callee(caller.fd)
    size = caller.write(TASK, ["1.0#1", "1.1#1"], [b"", b"payload"])
    call = callee.read(size)
    assert (call.task, call.keys, call.payloads) == (TASK, ["1.0#1", "1.1#1"], [b"", b"payload"])


def test_a_call_without_payloads_has_empty_ones(caller: Caller) -> None:
    assert Callee(caller.fd).read(caller.write(TASK, ["a", "b"], [])).payloads == [b"", b""]


def test_records_are_given_once_in_order(caller: Caller) -> None:
    callee = Callee(caller.fd)
    callee.read(caller.write(TASK, ["a", "b", "c"], []))
    assert caller.began_at() == 0.0
    callee.begin(7.0)
    callee.finish(record(1, b"one"))
    callee.finish(("FAILED", 2.0, 0.5, 3, 4, "détail", b"two"))
    assert caller.records() == [record(1, b"one"), ("FAILED", 2.0, 0.5, 3, 4, "détail", b"two")]
    assert caller.began_at() == 7.0
    assert caller.records() == []
    callee.finish((SKIPPED, 3.0, 0.0, 3, 4, "", b""))
    assert [outcome for outcome, *_ in caller.records()] == [SKIPPED]


def test_a_new_call_begins_anew(caller: Caller) -> None:
    callee = Callee(caller.fd)
    for _ in range(3):
        callee.read(caller.write(TASK, ["a"], [b"x" * (2 << 20)]))
        assert (caller.began_at(), caller.records()) == (0.0, [])
        caller.skip(0)
        assert callee.to_skip(0)
        callee.begin(1.0)
        callee.finish(record(1, b"y" * (2 << 20)))
        assert len(caller.records()) == 1
    caller.write(TASK, ["a"], [])
    assert not callee.to_skip(0)
    assert os.fstat(caller.fd).st_size < 2 * PAGE


def test_scribbling_is_noticed(caller: Caller) -> None:
    callee = Callee(caller.fd)
    size = caller.write(TASK, ["a"], [])
    callee.read(size)
    callee.begin(1.0)
    callee.finish(record(1))
    os.pwrite(caller.fd, b"\xff" * 60, PAGE + size)
    with pytest.raises(ValueError, match="no records"):
        caller.records()


@pytest.mark.parametrize("end", [0, PAGE, 1 << 31, 1 << 62, (1 << 64) - 1])
def test_an_end_where_no_record_can_end_is_noticed(caller: Caller, end: int) -> None:
    caller.write(TASK, ["a"], [])
    os.pwrite(caller.fd, end.to_bytes(8, "little"), PAGE - 8)
    with pytest.raises(ValueError, match="end where there is none"):
        caller.records()


@pytest.mark.system
def test_records_can_be_read_while_they_are_written(caller: Caller) -> None:
    script = (
        "import sys; from paceline.executors.channel import Callee; callee = Callee(int(sys.argv[1]));"
        "callee.read(int(sys.argv[2])); callee.begin(1.0);"
        "[callee.finish(('SUCCEEDED', 1.0, 0.5, n, n, '', b'x' * (n % 50))) for n in range(100_000)]"
    )
    size = caller.write(TASK, ["a"], [])
    command = [sys.executable, "-c", script, str(caller.fd), str(size)]
    seen: list[int] = []
    with subprocess.Popen(command, pass_fds=[caller.fd]) as writer:
        while writer.poll() is None or len(seen) < 100_000:
            seen += [out for _, _, _, out, _, _, _ in caller.records()]
            assert writer.poll() in (None, 0)
    assert seen == list(range(100_000))
