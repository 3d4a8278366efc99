"""Every store keeps the same promises."""

import sqlite3
from pathlib import Path

import pytest

from paceline.stores.memory import MemoryStore
from paceline.stores.sqlite import SqliteStore
from paceline.stores.tables import Tables
from tests.contracts.store import StoreContract, World


class MemoryWorld:
    def __init__(self) -> None:
        self._tables = Tables()

    def store(self) -> MemoryStore:
        return MemoryStore(self._tables)

    def usurp(self) -> None:
        self._tables.epoch += 1


class SqliteWorld:
    def __init__(self, path: Path) -> None:
        self._path = path

    def store(self) -> SqliteStore:
        return SqliteStore(self._path)

    def usurp(self) -> None:
        other = sqlite3.connect(self._path)
        other.execute("UPDATE server SET epoch = epoch + 1")
        other.commit()
        other.close()


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def world(self) -> World:
        return MemoryWorld()


@pytest.mark.system
class TestSqliteStore(StoreContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return SqliteWorld(tmp_path / "paceline.db")
