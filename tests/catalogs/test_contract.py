"""Every catalogue keeps the same promises."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import mongomock
import pymongo
import pytest

from paceline.catalogs.mongo import MongoShelf, connect
from paceline.catalogs.sqlite import SqliteShelf
from paceline.catalogs.threaded import ThreadedCatalog
from tests.contracts.catalog import CatalogContract

MONGODB = os.environ.get("PACELINE_TEST_MONGODB", "")
"""URL of a real server to try it on, without a database: each test makes and drops its own."""


class TestSqliteCatalog(CatalogContract):
    @pytest.fixture
    def catalog(self, tmp_path: Path) -> ThreadedCatalog:
        return ThreadedCatalog(SqliteShelf(tmp_path / "catalog.db"))


class TestMongoCatalogInMemory(CatalogContract):
    @pytest.fixture
    def catalog(self) -> ThreadedCatalog:
        return ThreadedCatalog(MongoShelf(mongomock.MongoClient()["test"]["models"], place="memory"))


@pytest.mark.skipif(not MONGODB, reason="PACELINE_TEST_MONGODB names no server")
class TestMongoCatalog(CatalogContract):
    @pytest.fixture
    def catalog(self) -> Iterator[ThreadedCatalog]:
        database = f"paceline_test_{uuid.uuid1().hex}"
        yield ThreadedCatalog(connect(f"{MONGODB.rstrip('/')}/{database}"))
        with pymongo.MongoClient[dict[str, object]](MONGODB) as client:
            client.drop_database(database)
