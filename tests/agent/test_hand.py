"""Attempts that wait for their turn."""

import pytest

from paceline.agent.hand import FRAME_BYTES, Batch, Hand
from paceline.agent.memory import attempt_ids, keys
from tests.agent.world import attempts, function


def batch(*indexes: int, arrived: float = 0.0, payloads: tuple[bytes, ...] = ()) -> Batch:
    columns = attempts(*indexes)
    return Batch(
        shape=function(), arrived=arrived, keys=keys(columns), attempts=attempt_ids(columns), payloads=payloads
    )


def order(hand: Hand) -> list[int]:
    hand.check()
    return [attempt.index for attempt in hand.attempts()]


def test_an_empty_hand_has_no_head() -> None:
    with pytest.raises(IndexError):
        Hand().head()


def test_first_come_first_taken() -> None:
    hand = Hand()
    hand.add(batch(1, 2, 3))
    hand.add(batch(4))
    assert [hand.take(2).keys, hand.take(2).keys, hand.take(2).keys] == [["1.1#1", "1.2#1"], ["1.3#1"], ["1.4#1"]]
    assert (len(hand), order(hand)) == (0, [])


def test_what_is_put_back_is_first_again() -> None:
    hand = Hand()
    hand.add(batch(1, 2, 3))
    hand.put_back(hand.take(2))
    assert order(hand) == [1, 2, 3]


def test_any_of_them_can_be_removed() -> None:
    hand = Hand()
    hand.add(batch(1, 2, 3))
    hand.take(1)
    hand.add(batch(4, 5, payloads=(b"d", b"e")))
    removed = hand.remove({"1.3#1", "1.4#1"})
    assert [attempt.index for attempt in removed] == [3, 4]
    assert order(hand) == [2, 5]
    hand.take(1)
    assert hand.take(1).payloads == [b"e"]


def test_what_was_taken_before_is_not_removed_with_its_batch() -> None:
    hand = Hand()
    hand.add(batch(1, 2))
    front = hand.take(1)
    hand.put_back(front)
    assert [attempt.index for attempt in hand.take_arrived(0.0)] == [1, 2]
    assert order(hand) == []


def test_only_what_arrived_early_enough_is_taken_by_time() -> None:
    hand = Hand()
    hand.add(batch(1, arrived=1.0))
    hand.add(batch(2, arrived=2.0))
    assert [attempt.index for attempt in hand.take_arrived(1.5)] == [1]
    assert order(hand) == [2]


def test_a_part_is_no_larger_than_a_frame_may_be() -> None:
    hand = Hand()
    half = bytes(FRAME_BYTES // 2)
    hand.add(batch(1, 2, 3, 4, payloads=(half, half, half, half)))
    assert len(hand.take(4)) == 2


def test_a_payload_that_is_larger_travels_alone() -> None:
    hand = Hand()
    hand.add(batch(1, 2, payloads=(bytes(FRAME_BYTES + 1), b"")))
    assert len(hand.take(2)) == 1
