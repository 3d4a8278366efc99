"""The one bridge from blocking code into the event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from paceline.sdk.blocking import Bridge, bridge


async def double(value: int) -> int:
    await asyncio.sleep(0)
    return value * 2


async def numbers(closed: threading.Event) -> AsyncIterator[int]:
    try:
        for n in range(5):
            yield n
    finally:
        closed.set()


def test_it_runs_what_is_asked_and_returns_the_result() -> None:
    assert bridge().run(double(4)) == 8


def test_there_is_one_for_the_process() -> None:
    assert bridge() is bridge()


def test_errors_come_out() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        bridge().run(fail())


def test_it_iterates() -> None:
    closed = threading.Event()
    assert list(bridge().iterate(numbers(closed))) == [0, 1, 2, 3, 4]
    assert closed.is_set()


def test_leaving_an_iteration_early_closes_its_source() -> None:
    closed = threading.Event()
    items = bridge().iterate(numbers(closed))
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert closed.is_set()


def test_an_iterator_that_is_no_generator_needs_no_closing() -> None:
    class Two:
        left = 2

        def __aiter__(self) -> "Two":
            return self

        async def __anext__(self) -> int:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    assert list(bridge().iterate(Two())) == [1, 0]


def test_it_posts_without_waiting() -> None:
    called = threading.Event()
    bridge().post(called.set)
    assert called.wait(10)


def test_waiting_in_its_own_thread_is_refused() -> None:
    async def inside() -> str:
        with pytest.raises(RuntimeError, match="would wait for itself") as caught:
            bridge().run(double(1))
        return str(caught.value)

    assert "wait for itself" in bridge().run(inside())


def test_a_bridge_leads_into_any_loop() -> None:
    async def main() -> int:
        way = Bridge(asyncio.get_running_loop())
        return await asyncio.to_thread(lambda: way.run(double(3)))

    assert asyncio.run(main()) == 6
