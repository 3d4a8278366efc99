"""The catalogue's file: what lasts, and what cannot be one."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from paceline.catalog import Find
from paceline.catalogs.sqlite import SqliteShelf
from paceline.catalogs.threaded import ThreadedCatalog
from paceline.model.errors import StoreError, TryAgain
from tests.contracts.catalog import model, origin_of


def test_what_was_added_outlives_its_server(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    first = SqliteShelf(path)
    kept = first.tag(first.add(model(), origin_of("1.0")).key, ["good"], [])
    first.close()
    second = SqliteShelf(path)
    assert list(second.find(Find())) == [kept]
    second.close()


def test_two_servers_share_a_file_and_give_no_name_twice(tmp_path: Path) -> None:
    async def story(file: Path) -> list[str]:
        there = [ThreadedCatalog(SqliteShelf(file)) for _ in range(2)]
        tasks = [f"{index}.0" for index in range(20)]
        adding = (there[index % 2].add(model(task), origin_of(task)) for index, task in enumerate(tasks))
        kept = await asyncio.gather(*adding)
        await asyncio.gather(*(each.close() for each in there))
        return [each.name for each in kept]

    for number in range(25):  # both begin with a file that is not there; one of them once found it locked
        assert len(set(asyncio.run(story(tmp_path / f"{number}.db")))) == 20


def test_every_write_is_on_the_disk_when_it_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    shelf = SqliteShelf(path)
    shelf.add(model(), origin_of("1.0"))
    (tmp_path / "copy.db").write_bytes(path.read_bytes())
    (tmp_path / "copy.db-wal").write_bytes(path.with_name("catalog.db-wal").read_bytes())
    copy = SqliteShelf(tmp_path / "copy.db")
    assert len(copy.find(Find())) == 1
    copy.close()
    shelf.close()


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()


def newer(path: Path) -> None:
    shelf = SqliteShelf(path)
    shelf.open()
    shelf.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_text("once upon a time there was no database at all"), "file is not a database"),
        (foreign, "is a database of some other program"),
        (newer, "has schema 99, this program knows up to 1"),
    ],
)
def test_what_is_no_catalogue_is_not_touched(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "catalog.db"
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=message):
        SqliteShelf(path).open()
    assert path.read_bytes() == before


def test_a_directory_that_is_not_there_may_come_yet(tmp_path: Path) -> None:
    shelf = SqliteShelf(tmp_path / "later" / "catalog.db")
    with pytest.raises(TryAgain, match="unable to open database file") as caught:
        shelf.open()
    assert caught.value.hint == "see that its directory is there and can be written"
    (tmp_path / "later").mkdir()
    shelf.open()
    shelf.close()
