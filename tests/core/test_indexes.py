"""Ranges of indexes, against plain sets."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from paceline.core.indexes import Indexes, covers, positions, spans
from paceline.model.job import Range

RANGES = st.builds(
    lambda start, count, step: Range(start=start, stop=start + count, step=step),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(1, 7),
)
SPANS = st.builds(range, st.integers(0, 30), st.integers(0, 60), st.integers(1, 7))


def disjoint(ranges: list[range]) -> list[range]:
    """Those that share no index with an earlier one."""
    seen: set[int] = set()
    kept = []
    for span in ranges:
        if span and seen.isdisjoint(span):
            kept.append(span)
            seen.update(span)
    return kept


def flat(ranges: list[range]) -> list[int]:
    return [index for span in ranges for index in span]


@given(SPANS, SPANS)
def test_positions_are_where_both_have_an_index(span: range, other: range) -> None:
    assert [span[p] for p in positions(span, other)] == [index for index in span if index in other]


@given(st.lists(SPANS, max_size=4), st.lists(RANGES, max_size=4))
def test_removing_takes_out_what_is_covered(given_spans: list[range], unwanted: list[Range]) -> None:
    indexes = Indexes(disjoint(given_spans))
    before = list(indexes)
    gone = indexes.remove(unwanted)
    assert sorted(flat(gone)) == sorted(index for index in before if covers(unwanted, index))
    assert sorted(indexes) == sorted(index for index in before if not covers(unwanted, index))
    assert indexes.count == len(list(indexes))


@given(SPANS, SPANS)
def test_removing_a_piece_keeps_the_order(span: range, piece: range) -> None:
    indexes = Indexes([span])
    indexes.remove([Range(start=piece.start, stop=piece.stop)])
    assert list(indexes) == [index for index in span if not piece.start <= index < piece.stop]


@given(st.lists(SPANS, max_size=4), st.data())
def test_discarding_takes_out_exactly_these(given_spans: list[range], data: st.DataObject) -> None:
    indexes = Indexes(disjoint(given_spans))
    before = list(indexes)
    taken = data.draw(st.lists(st.sampled_from(before))) if before else []
    indexes.discard([*taken, 1_000])
    assert list(indexes) == [index for index in before if index not in taken]
    assert indexes.count == len(before) - len(set(taken))


@given(st.lists(SPANS, max_size=4), st.lists(st.integers(0, 20), max_size=5))
def test_taking_goes_from_the_front(given_spans: list[range], counts: list[int]) -> None:
    indexes = Indexes(disjoint(given_spans))
    left = list(indexes)
    for most in counts:
        assert indexes.take(most) == left[:most]
        left = left[most:]
        assert list(indexes) == left
        assert indexes.count == len(left)


def test_what_is_put_back_is_next() -> None:
    indexes = Indexes([range(5)])
    assert indexes.take(2) == [0, 1]
    indexes.put_back(1)
    assert 1 in indexes
    assert 0 not in indexes
    assert indexes.take(2) == [1, 2]


def test_no_ranges_cover_everything_and_empty_ones_nothing() -> None:
    assert covers((), 7)
    assert not covers((Range(start=7, stop=7),), 7)
    assert spans((Range(start=7, stop=7), Range(start=0, stop=2))) == [range(2)]


def test_a_million_costs_what_one_costs() -> None:
    tracemalloc.start()
    try:
        indexes = Indexes([range(1_000_000)])
        assert indexes.take(3) == [0, 1, 2]
        indexes.discard([500_000])
        gone = indexes.remove([Range(start=10, stop=900_000), Range(start=1, stop=1_000_000, step=2)])
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(map(len, gone)) == 900_000 - 10 - 1 + 50_000 + 4
    assert size < 10_000
