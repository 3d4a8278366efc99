"""What only the memory store does."""

import asyncio

import pytest

from paceline.model.errors import StoreError
from paceline.stores.memory import MemoryStore
from tests.contracts.records import job


def test_without_an_event_loop_the_callback_comes_at_once() -> None:
    store = MemoryStore()
    asyncio.run(store.load())
    told: list[BaseException | None] = []
    store.keep([job()], told.append)
    assert told == [None]


def test_in_an_event_loop_the_callback_comes_after_keep() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        await store.load()
        told: list[BaseException | None] = []
        store.keep([job()], told.append)
        assert told == []
        await asyncio.sleep(0)
        assert told == [None]

    asyncio.run(scenario())


def test_a_later_store_on_the_same_tables_ends_the_term_of_the_earlier() -> None:
    first = MemoryStore()
    asyncio.run(first.load())
    second = MemoryStore(first.tables)
    assert asyncio.run(second.load()).epoch == 2
    told: list[BaseException | None] = []
    first.keep([job()], told.append)
    assert isinstance(told[0], StoreError)
    second.keep([job()], told.append)
    assert told[1] is None


def test_what_is_there_twice_is_named() -> None:
    store = MemoryStore()
    asyncio.run(store.load())
    told: list[BaseException | None] = []
    store.keep([job(), job()], told.append)
    with pytest.raises(StoreError, match="job 1 is already kept"):
        raise told[0] or AssertionError
