"""One SQLite file and the named statements that are run on it."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

from paceline.stores.sqlite_file.trouble import Passing, plainly

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_PATIENCE = 1.0  # seconds for somebody who looks into the file with a tool of his own


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
        self.connection.execute("PRAGMA cache_size = -16384")  # KiB
        self.connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages
        self.connection.execute("PRAGMA journal_size_limit = 67108864")  # bytes
        self._write_anew()

    def _write_anew(self) -> None:
        """Take up what an earlier process left in the log, and begin the log anew.

        Of what that process wrote when its last fsync failed, the kernel may have pages that are not on disk and that
        it takes for clean. Nothing may be added behind those.
        """
        with suppress(Passing), plainly(self.path):  # no space for it: it will be done when there is
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

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
