"""Words put together leave together, in order, a message's worth at a time."""

import asyncio

import pytest

from paceline.wire.outgoing import Outgoing


def batches(outgoing: Outgoing[str]) -> list[list[str]]:
    async def all_of_them() -> list[list[str]]:
        return [batch async for batch in outgoing.batches()]

    return asyncio.run(all_of_them())


def filled(*words: tuple[str, int], batch: int = 100) -> Outgoing[str]:
    outgoing: Outgoing[str] = Outgoing(interval=0.0, batch=batch)
    for word, size in words:
        outgoing.put(word, size)
    outgoing.close()
    return outgoing


def test_what_waits_goes_in_one_message() -> None:
    assert batches(filled(("a", 1), ("b", 1), ("c", 1))) == [["a", "b", "c"]]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((60, 40, 1), [["0", "1"], ["2"]]),
        ((101, 1), [["0"], ["1"]]),
        ((1, 500, 1), [["0"], ["1"], ["2"]]),
    ],
)
def test_a_message_is_full_at_its_limit(sizes: tuple[int, ...], expected: list[list[str]]) -> None:
    assert batches(filled(*((str(n), size) for n, size in enumerate(sizes)))) == expected


def test_waiting_counts_what_was_not_taken_yet() -> None:
    outgoing = filled(("a", 60), ("b", 60))
    assert outgoing.waiting == 120
    assert len(batches(outgoing)) == 2
    assert outgoing.waiting == 0


def test_the_first_word_does_not_wait_and_the_next_goes_with_what_came_meanwhile() -> None:
    async def scenario() -> list[list[str]]:
        outgoing: Outgoing[str] = Outgoing(interval=0.01)
        stream = outgoing.batches()
        outgoing.put("first")
        seen = [await anext(stream)]
        outgoing.put("second")
        following = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        outgoing.put("third")
        seen.append(await following)
        return seen

    assert asyncio.run(scenario()) == [["first"], ["second", "third"]]


def test_a_shorter_pace_ends_a_long_pause() -> None:
    async def scenario() -> list[str]:
        outgoing: Outgoing[str] = Outgoing(interval=3600.0)
        stream = outgoing.batches()
        outgoing.put("first")
        await anext(stream)
        outgoing.put("second")
        following = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        outgoing.pace(0.0)
        return await following

    assert asyncio.run(scenario()) == ["second"]


def test_an_empty_closed_stream_ends() -> None:
    assert batches(filled()) == []
