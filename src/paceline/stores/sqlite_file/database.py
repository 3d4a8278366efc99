"""One SQLite file and the named statements that are run on it."""

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from paceline.model.errors import StoreError

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_PATIENCE = 1.0  # seconds for somebody who looks into the file with a tool of his own

_LITTLE = 1 << 16  # bytes free; with less, SQLite may fail to make a file and know no reason

SQLITE_BUSY = 5  # sqlite3.SQLITE_BUSY and the like exist as numbers only
SQLITE_IOERR = 10  # what a quota looks like, or a disk that gives no reason
SQLITE_FULL = 13
SQLITE_CONSTRAINT = 19
SQLITE_NOTADB = 26


def statements(name: str) -> Mapping[str, str]:
    """The statements of ``sql/<name>.sql`` by their names."""
    _, *parts = _NAME.split(files("paceline.stores").joinpath("sql", f"{name}.sql").read_text())
    return dict(zip(parts[::2], parts[1::2], strict=True))


class Database:
    """A connection in autocommit mode: transactions are begun and ended by name."""

    def __init__(self, path: Path, named: Mapping[str, str]) -> None:
        self.path = path
        self._named = named
        with plainly(path):
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE, check_same_thread=False)

    def write_ahead(self, synchronous: str) -> None:
        """Open for writing. ``synchronous``: FULL survives a power cut, NORMAL may lose the last moments to it."""
        pragmas = {"FULL": "PRAGMA synchronous = FULL", "NORMAL": "PRAGMA synchronous = NORMAL"}
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute(pragmas[synchronous])
        self.connection.execute("PRAGMA cache_size = -65536")  # KiB
        self.connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages
        self.connection.execute("PRAGMA journal_size_limit = 67108864")  # bytes

    def read_only(self) -> None:
        """Refuse to change anything."""
        self.connection.execute("PRAGMA query_only = ON")

    def run(self, statement: str, /, **values: object) -> sqlite3.Cursor:
        """Run a statement with named parameters."""
        return self.connection.execute(self._named[statement], values)

    def many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Run a statement once per row."""
        self.connection.executemany(self._named[statement], rows)

    @contextmanager
    def transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
        """All that is run inside, or nothing of it."""
        self.connection.execute(begin)
        try:
            yield
            self.connection.execute("COMMIT")
        finally:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")

    def close(self) -> None:
        self.connection.close()


class Passing(StoreError):
    """Nothing can be written for now, and nothing was: the same may work a moment later, once somebody did ``cure``."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(
            f"store: {what}", hint=f"{cure}, then start the server again: all that was acknowledged is there"
        )
        self.what = what
        self.cure = cure


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Say what SQLite says as a StoreError that tells what to do. A Passing one may be over by itself."""
    try:
        yield
    except sqlite3.Error as error:
        code = _code(error)
        if code == SQLITE_IOERR and _is_full(path.parent):
            code = SQLITE_FULL
        if code in _CURES:
            what = f"no space left on {path.parent}" if code == SQLITE_FULL else f"{path}: {error}"
            raise Passing(what, _CURES[code]) from error
        raise StoreError(f"store: {path}: {error}", hint=_HINTS.get(code, "")) from error


_HINTS: Mapping[int, str] = {
    SQLITE_CONSTRAINT: "the batch contradicts what is kept; nothing of it was",
    SQLITE_NOTADB: "give the path of a Paceline store, or of a file that does not exist yet",
}

_CURES: Mapping[int, str] = {
    SQLITE_BUSY: "end the program that has it open",
    SQLITE_IOERR: "see to the disk, or to your quota",
    SQLITE_FULL: "free some space",
}


def _is_full(directory: Path) -> bool:
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize < _LITTLE


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it is detail
