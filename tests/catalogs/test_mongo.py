"""A MongoDB that is not there, or is not one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import mongomock
import pytest

from paceline.catalog import Find
from paceline.catalogs.mongo import MongoShelf, connect
from paceline.catalogs.threaded import ThreadedCatalog
from paceline.model.errors import TryAgain, UsageError
from tests.contracts.catalog import model, origin_of


@contextmanager
def reached(url: str) -> Iterator[MongoShelf]:
    shelf = connect(url)
    try:
        yield shelf
    finally:
        shelf.close()


@pytest.mark.parametrize(
    "url",
    ["mongodb://", "mongodb://ada:se/cret@host/db", "mongodb://host:none/db", "mongodb://ada:sec@ret@host/db"],
)
def test_what_is_no_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError, match="that is no MongoDB URL") as caught:
        connect(url)
    assert "cret" not in caught.value.message
    assert "mongodb://HOST/DATABASE" in caught.value.hint


def test_a_server_that_does_not_answer_is_asked_again_and_its_password_not_told() -> None:
    with reached("mongodb://ada:secret@127.0.0.1:1/models?serverSelectionTimeoutMS=50") as shelf:
        for _ in range(2):
            with pytest.raises(TryAgain, match="the MongoDB at 127.0.0.1:1 does not answer") as caught:
                shelf.find(Find())
            assert "secret" not in str(caught.value)
            assert caught.value.__cause__ is None


def test_two_fleets_share_a_catalogue_and_give_no_name_twice() -> None:
    client: mongomock.MongoClient[dict[str, object]] = mongomock.MongoClient()

    async def story() -> list[str]:
        there = [ThreadedCatalog(MongoShelf(client["fleets"]["models"], place="memory")) for _ in range(2)]
        tasks = [f"{index}.0" for index in range(20)]
        adding = (there[index % 2].add(model(task), origin_of(task)) for index, task in enumerate(tasks))
        return [each.name for each in await asyncio.gather(*adding)]

    assert len(set(asyncio.run(story()))) == 20
