"""Words leave at once when nothing is under way, together when something is, and never in too large a message."""

import asyncio
from collections.abc import Sequence

from paceline.sdk.outbox import FULL, Outbox
from paceline.wire.gen import fleet_pb2 as fleet


def word(call: int, size: int = 0) -> fleet.ClientWord:
    return fleet.ClientWord(append=fleet.Append(call=call, job=1, payloads=[b"x" * size]))


class Wire:
    """Takes messages one at a time, each when the test lets it."""

    def __init__(self) -> None:
        self.messages: list[Sequence[int]] = []
        self.began = asyncio.Semaphore(0)
        self.may_end = asyncio.Semaphore(0)

    async def send(self, message: fleet.FromClient) -> None:
        self.messages.append([each.append.call for each in message.words])
        self.began.release()
        await self.may_end.acquire()


async def sent(outbox: Outbox, then: Sequence[fleet.ClientWord], messages: int) -> list[Sequence[int]]:
    """What goes out when ``then`` comes in while the first message is under way."""
    wire = Wire()
    pump = asyncio.create_task(outbox.pump(wire.send))
    await wire.began.acquire()
    for each in then:
        outbox.put(each)
    for _ in range(messages - 1):
        wire.may_end.release()
        await wire.began.acquire()
    pump.cancel()
    await asyncio.gather(pump, return_exceptions=True)
    return wire.messages


def test_the_first_word_waits_for_nothing_and_the_next_ones_leave_together() -> None:
    async def scenario() -> list[Sequence[int]]:
        outbox = Outbox()
        outbox.put(word(1))
        return await sent(outbox, [word(2), word(3), word(4)], messages=2)

    assert asyncio.run(scenario()) == [[1], [2, 3, 4]]


def test_a_message_is_full_at_about_a_mebibyte() -> None:
    async def scenario() -> list[Sequence[int]]:
        outbox = Outbox()
        outbox.put(word(1))
        return await sent(outbox, [word(n, size=FULL // 3) for n in range(2, 8)], messages=4)

    assert asyncio.run(scenario()) == [[1], [2, 3], [4, 5], [6, 7]]


def test_a_single_word_may_be_larger_than_a_full_message() -> None:
    async def scenario() -> list[Sequence[int]]:
        outbox = Outbox()
        outbox.put(word(1))
        return await sent(outbox, [word(2), word(3, size=2 * FULL), word(4)], messages=4)

    assert asyncio.run(scenario()) == [[1], [2], [3], [4]]


def test_a_new_stream_begins_with_the_words_it_is_given() -> None:
    async def scenario() -> list[Sequence[int]]:
        outbox = Outbox()
        outbox.put(word(1))
        outbox.restart([word(7), word(8)])
        return await sent(outbox, [word(9)], messages=2)

    assert asyncio.run(scenario()) == [[7, 8], [9]]
