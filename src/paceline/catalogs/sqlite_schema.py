"""The tables of a catalogue's file, and what SQLite's complaints about it mean."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paceline.model.errors import PacelineError, StoreError, TryAgain

_OURS = 0x70616365
"""``PRAGMA application_id``: "pace"."""
_VERSION = 1

_TABLES = (
    """
    CREATE TABLE model (
        id INTEGER PRIMARY KEY,
        origin TEXT NOT NULL UNIQUE,    -- the task that trained it
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        task TEXT NOT NULL,
        metrics TEXT NOT NULL,          -- JSON, in the card's order
        card TEXT NOT NULL,             -- JSON
        attempt TEXT NOT NULL,
        worker TEXT NOT NULL,
        files TEXT NOT NULL,            -- JSON
        created_at REAL NOT NULL,
        text TEXT NOT NULL              -- what is searched
    )
    """,
    "CREATE INDEX model_by_time ON model (created_at, key)",
    """
    CREATE TABLE metric (
        name TEXT NOT NULL,
        value REAL NOT NULL,
        model INTEGER NOT NULL REFERENCES model ON DELETE CASCADE,
        PRIMARY KEY (name, value, model)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX metric_of_model ON metric (model)",
    """
    CREATE TABLE tag (
        model INTEGER NOT NULL REFERENCES model ON DELETE CASCADE,
        tag TEXT NOT NULL,
        PRIMARY KEY (model, tag)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE file (
        sha256 TEXT NOT NULL,
        model INTEGER NOT NULL REFERENCES model ON DELETE CASCADE,
        PRIMARY KEY (sha256, model)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX file_of_model ON file (model)",
    f"PRAGMA application_id = {_OURS}",
    f"PRAGMA user_version = {_VERSION}",
)

_PATIENCE = 5.0  # seconds for somebody who looks into the file with a tool of his own

_TURNS = 20

SQLITE_BUSY = 5  # sqlite3.SQLITE_BUSY and the like exist as numbers only
SQLITE_READONLY = 8
SQLITE_FULL = 13
SQLITE_CANTOPEN = 14
_PASSING = {
    SQLITE_BUSY: "end the program that has it open",
    SQLITE_READONLY: "let this user write it, and its directory",
    SQLITE_FULL: "free some space",
    SQLITE_CANTOPEN: "see that its directory is there and can be written",
}


def connect(path: Path | str) -> sqlite3.Connection:
    """An open catalogue, in autocommit mode. Raises StoreError for a file that is none, or a newer one."""
    db = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE)
    try:
        _make(db, path)
        _write_ahead(db)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def _make(db: sqlite3.Connection, path: Path | str) -> None:
    db.execute("BEGIN IMMEDIATE")  # first: of two servers that begin together, one makes the tables
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (owner,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if tables and owner != _OURS:
        raise StoreError(f"catalog: {path} is a database of some other program", hint="move it away")
    if version > _VERSION:
        message = f"catalog: {path} has schema {version}, this program knows up to {_VERSION}"
        raise StoreError(message, hint="run it with the newer Paceline that made it")
    if not tables:
        for statement in _TABLES:
            db.execute(statement)
    db.execute("COMMIT")


def _write_ahead(db: sqlite3.Connection) -> None:
    """SQLite does not wait where the mode changes and another server begins too; for a turn to write it does."""
    for _ in range(_TURNS):
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != SQLITE_BUSY:
                raise
        db.execute("BEGIN IMMEDIATE")
        db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL")


@contextmanager
def plainly(path: Path | str) -> Iterator[None]:
    """Say what SQLite says of the file as an error that tells what to do: TryAgain for what may pass."""
    try:
        yield
    except sqlite3.Error as error:
        raise _plain(path, error) from error


def _plain(path: Path | str, error: sqlite3.Error) -> PacelineError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it is detail
    if code in _PASSING:
        return TryAgain(f"catalog: {path}: {error}", hint=_PASSING[code])
    return StoreError(f"catalog: {path}: {error}", hint="see to the disk; the file can be copied back from a backup")
