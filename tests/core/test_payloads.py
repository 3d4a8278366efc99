"""What tasks take, against a plain dict; and what it weighs while they wait."""

import pickle
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.core.payloads import LARGE, PIECE, Payloads

SIZES = st.sampled_from([0, 1, 30, 2 * LARGE])


class Pair:
    """The same done to both."""

    def __init__(self, size: int) -> None:
        self.payloads, self.plain = Payloads(), dict[int, bytes]()
        self.total = 0
        self._size = size

    def add(self, count: int) -> None:
        new = [f"{index},".encode() * (self._size // 8) for index in range(self.total, self.total + count)]
        self.payloads.add(range(self.total, self.total + count), new)
        self.plain.update(enumerate(new, self.total))
        self.total += count

    def take(self, indexes: range) -> None:
        there = [index for index in indexes if index in self.plain]
        assert self.payloads.take(there) == [self.plain[index] for index in there]

    def forget(self, indexes: range) -> None:
        self.payloads.forget(indexes)
        for index in indexes:
            self.plain.pop(index, None)

    def check(self) -> None:
        assert self.payloads == self.plain
        assert len(self.payloads) == len(self.plain)
        assert bool(self.payloads) == bool(self.plain)


@given(SIZES, st.data())
def test_they_are_what_was_added_and_not_forgotten(size: int, data: st.DataObject) -> None:
    pair = Pair(size)
    for _ in range(data.draw(st.integers(1, 6))):
        pair.add(data.draw(st.integers(0, 2 * PIECE)))
        span = range(*sorted(data.draw(st.tuples(st.integers(0, pair.total), st.integers(0, pair.total)))))
        data.draw(st.sampled_from([pair.take, pair.forget]))(span)
        pair.check()


def test_one_that_is_not_there_is_a_key_error() -> None:
    pair = Pair(8)
    pair.add(PIECE)
    pair.forget(range(1))
    for index in (0, PIECE):
        with pytest.raises(KeyError):
            pair.payloads[index]


def test_there_must_be_one_for_each_task() -> None:
    with pytest.raises(ValueError, match="zip"):
        Payloads().add(range(2), [b"one of two"])


def test_while_they_wait_they_weigh_little_more_than_what_is_in_them() -> None:
    count, batch = 100 * PIECE, 100
    tracemalloc.start()
    try:
        payloads, size = Payloads(), 0
        for first in range(0, count, batch):
            new = [pickle.dumps(((index,), {}), 5) for index in range(first, first + batch)]
            size += sum(map(len, new))
            payloads.add(range(first, first + batch), new)
        del new
        weight, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(payloads) == count
    assert weight < size + 16 * count


def test_one_that_is_over_lets_go_of_it() -> None:
    payloads = Payloads()
    tracemalloc.start()
    try:
        payloads.add(range(2 * PIECE), [b"x" * 100] * PIECE + [b"y" * 10_000 for _ in range(PIECE)])
        payloads.forget(range(2 * PIECE))
        weight, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert weight < 200_000
