"""Readiness and alarms."""

import os

import pytest

from paceline.executors.loop import Loop, steady


@pytest.fixture
def loop() -> Loop:
    return Loop()


def test_alarms_ring_in_order_and_once(loop: Loop) -> None:
    rung: list[str] = []
    now = steady()
    loop.at(now - 1, lambda: rung.append("second"))
    loop.at(now - 2, lambda: rung.append("first"))
    loop.turn()
    loop.after(0, lambda: rung.append("third"))
    loop.turn()
    assert rung == ["first", "second", "third"]


def test_a_cancelled_alarm_does_not_ring_even_by_one_that_rings_with_it(loop: Loop) -> None:
    rung: list[str] = []
    now = steady()
    never = loop.at(now - 1, lambda: rung.append("never"))
    loop.at(now - 2, never.cancel)
    loop.turn()
    never.cancel()
    assert rung == []


def test_an_alarm_may_set_another(loop: Loop) -> None:
    rung: list[str] = []

    def one() -> None:
        rung.append("one")
        loop.after(0, lambda: rung.append("two"))

    loop.after(0, one)
    loop.turn()
    loop.turn()
    assert rung == ["one", "two"]


def test_many_cancelled_alarms_are_cleared_away(loop: Loop) -> None:
    rung: list[int] = []
    kept = [loop.at(steady() + 1000, lambda: None) for _ in range(10)]
    for _ in range(10_000):
        loop.at(steady() + 500, lambda: None).cancel()
    assert len(loop) < 1000
    loop.after(0, lambda: rung.append(1))
    loop.turn()
    assert rung == [1]
    assert len(kept) == 10


def test_files_are_read_when_there_is_something(loop: Loop) -> None:
    read, write = os.pipe()
    heard: list[bytes] = []
    loop.read(read, lambda: heard.append(os.read(read, 10)))
    os.write(write, b"word")
    loop.turn()
    loop.forget(read)
    loop.forget(read)
    assert heard == [b"word"]
    os.close(read)
    os.close(write)


def test_who_is_forgotten_in_a_turn_is_not_called_in_it(loop: Loop) -> None:
    pipes = [os.pipe() for _ in range(2)]
    called: list[int] = []

    def reader(mine: int, other: int) -> None:
        called.append(mine)
        loop.forget(other)

    (one, one_end), (two, two_end) = pipes
    loop.read(one, lambda: reader(one, two))
    loop.read(two, lambda: reader(two, one))
    os.write(one_end, b".")
    os.write(two_end, b".")
    loop.turn()
    assert len(called) == 1
    for fd in (one, one_end, two, two_end):
        os.close(fd)
