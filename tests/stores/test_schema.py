"""The schema is what the migrations add up to, whichever way a database came there."""

import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest

from paceline.model.errors import StoreError
from paceline.stores.sqlite_file.database import Database, statements
from paceline.stores.sqlite_file.schema import Migration, migrate, migrations
from paceline.stores.sqlite_file.trouble import plainly

FIRST = Migration(number=1, name="0001_cat", text="CREATE TABLE cat (name TEXT NOT NULL); -- one; two\n")
SECOND = Migration(
    number=2,
    name="0002_age",
    text="ALTER TABLE cat ADD COLUMN age INTEGER NOT NULL DEFAULT 0;\nUPDATE cat SET age = 7;\n",
)
BROKEN = Migration(number=2, name="0002_broken", text="DROP TABLE cat;\nINSERT INTO dog VALUES (1);\n")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "a.db", {})


def schema(database: Database) -> list[tuple[object, ...]]:
    """Every table's columns and every index, in order."""
    query = """
        SELECT m.type, m.name, m.tbl_name, c.name, c.type, c."notnull", c.dflt_value, c.pk
        FROM sqlite_master AS m LEFT JOIN pragma_table_info(m.name) AS c
        WHERE m.name NOT LIKE 'sqlite_%' ORDER BY m.type, m.name, c.cid
    """
    return database.connection.execute(query).fetchall()


@pytest.mark.parametrize("folder", ["migrations", "log_migrations"])
def test_migrations_are_numbered_without_gaps(folder: str) -> None:
    steps = migrations(folder)
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.name.startswith(f"{step.number:04}_") for step in steps)


@pytest.mark.parametrize("folder", ["migrations", "log_migrations"])
def test_step_by_step_and_all_at_once_are_the_same_schema(tmp_path: Path, folder: str) -> None:
    steps = migrations(folder)
    at_once, by_step = Database(tmp_path / "a.db", {}), Database(tmp_path / "b.db", {})
    migrate(at_once, steps)
    for position in range(len(steps)):
        migrate(by_step, steps[: position + 1])
    assert schema(at_once) == schema(by_step)


@pytest.mark.parametrize(
    ("text", "folder"),
    [("keep", "migrations"), ("read", "migrations"), ("restore", "migrations"), ("logs", "log_migrations")],
)
def test_every_statement_fits_the_schema(database: Database, text: str, folder: str) -> None:
    migrate(database, migrations(folder))
    for name, statement in statements(text).items():
        if "?" in statement:
            plan = database.connection.execute(f"EXPLAIN {statement}", [None] * statement.count("?"))
        else:
            plan = database.connection.execute(f"EXPLAIN {statement}", defaultdict[str, None](lambda: None))
        assert plan.fetchall(), name


def test_an_old_database_is_brought_up_to_date_with_what_is_in_it(database: Database) -> None:
    migrate(database, [FIRST])
    database.connection.execute("INSERT INTO cat VALUES ('Tom')")
    migrate(database, [FIRST, SECOND])
    assert database.connection.execute("SELECT * FROM cat").fetchall() == [("Tom", 7)]


def test_a_migration_is_applied_once(database: Database) -> None:
    for _ in range(2):
        migrate(database, [FIRST, SECOND])
    assert database.connection.execute("SELECT name FROM migration").fetchall() == [("0001_cat",), ("0002_age",)]


def test_a_migration_that_fails_changes_nothing(database: Database) -> None:
    migrate(database, [FIRST])
    before = schema(database)
    with pytest.raises(StoreError, match="no such table: dog"):
        migrate(database, [FIRST, BROKEN])
    assert schema(database) == before
    migrate(database, [FIRST, SECOND])


def test_a_migration_that_was_changed_is_found(database: Database) -> None:
    migrate(database, [FIRST])
    changed = Migration(number=1, name="0001_cat", text=FIRST.text.replace("cat", "dog"))
    with pytest.raises(StoreError, match="migration 0001_cat is not the one that was applied") as refused:
        migrate(database, [changed])
    assert "never changed" in refused.value.hint


def test_a_full_disk_says_what_to_do(database: Database) -> None:
    database.connection.execute("PRAGMA max_page_count = 2")
    with pytest.raises(StoreError, match="no space left on") as refused, plainly(database.path):
        database.connection.execute("CREATE TABLE a (b TEXT UNIQUE)")
    assert "free some space" in refused.value.hint


def test_what_is_run_together_is_kept_together(database: Database) -> None:
    migrate(database, [FIRST])

    def insert() -> None:
        with database.transaction():
            database.connection.execute("INSERT INTO cat VALUES ('Tom')")
            database.connection.execute("INSERT INTO dog VALUES ('Rex')")

    with pytest.raises(sqlite3.OperationalError, match="dog"):
        insert()
    assert database.connection.execute("SELECT count(*) FROM cat").fetchone() == (0,)
