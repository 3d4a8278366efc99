"""The schema is what the migrations made of it: numbered files, applied in order, each in one transaction.

A database remembers the migrations it went through, with the checksum of each, so it can say that a newer program made
it, or that a migration was changed after it had been applied.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from paceline.model.errors import StoreError
from paceline.stores.sqlite_file.database import Database
from paceline.stores.sqlite_file.trouble import plainly

_REMEMBER = (
    "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)"
)
_APPLIED = "SELECT number, checksum FROM migration ORDER BY number"
_RECORD = "INSERT INTO migration (number, name, checksum) VALUES (?, ?, ?)"
_TABLES = "SELECT count(*), coalesce(sum(name = 'migration'), 0) FROM sqlite_master WHERE type = 'table'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step of a schema."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations(folder: str) -> list[Migration]:
    """Those of ``sql/<folder>``, in order. ``0001_jobs.sql`` is number 1."""
    found = (
        entry for entry in files("paceline.stores").joinpath("sql", folder).iterdir() if entry.name.endswith(".sql")
    )
    return [
        Migration(number=int(entry.name[:4]), name=entry.name.removesuffix(".sql"), text=entry.read_text())
        for entry in sorted(found, key=lambda entry: entry.name)
    ]


def migrate(database: Database, steps: Sequence[Migration]) -> None:
    """Bring a database, new or old, to the last of the steps.

    Raises StoreError: not a database of ours, made by a newer program, or by migrations that are not these.
    """
    with plainly(database.path):
        _check_ours(database)
        database.connection.execute(_REMEMBER)
        applied: dict[int, str] = dict(database.connection.execute(_APPLIED))
        _check_known(database, steps, applied)
        for step in steps:
            if step.number not in applied:
                _apply(database, step)


def _check_ours(database: Database) -> None:
    tables, ours = database.connection.execute(_TABLES).fetchone()
    if tables and not ours:
        hint = "give the path of a Paceline store, or of a file that does not exist yet"
        raise StoreError(f"store: {database.path} is a database of some other program", hint=hint)


def _check_known(database: Database, steps: Sequence[Migration], applied: dict[int, str]) -> None:
    newest, known = max(applied, default=0), steps[-1].number
    if newest > known:
        message = f"store: {database.path} has schema {newest}, this program knows up to {known}"
        raise StoreError(message, hint="run it with the newer Paceline that made it")
    for step in steps:
        if applied.get(step.number, step.checksum) != step.checksum:
            message = f"store: {database.path}: migration {step.name} is not the one that was applied"
            raise StoreError(message, hint="a migration that was released is never changed; add another one")


def _apply(database: Database, step: Migration) -> None:
    with database.transaction():
        for statement in _split(step.text):
            database.connection.execute(statement)
        database.connection.execute(_RECORD, (step.number, step.name, step.checksum))


def _split(text: str) -> Iterator[str]:
    """Statement by statement: ``executescript`` would end the transaction it is run in."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
