"""A catalogue in one SQLite file beside the server's store, and not in it.

Models outlive what made them: a store may be thrown away, rebuilt or moved to another engine, and the models stay. The
file is small, its writes are rare, and each is one durable transaction (WAL, ``synchronous = FULL``).
"""

import json
import math
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from paceline.catalog import Find, Model, Order
from paceline.catalogs import shelf
from paceline.catalogs.sqlite_schema import connect, plainly
from paceline.model.file import File
from paceline.model.naming import keys, names

_COLUMNS = """
    model.key, model.name, model.kind, model.task, model.metrics, model.card, model.attempt, model.worker, model.files,
    model.created_at, (SELECT json_group_array(tag.tag) FROM tag WHERE tag.model = model.id ORDER BY tag.tag)
"""
_WANTED = """
    (:kind = '' OR model.kind = :kind) AND (:task = '' OR model.task = :task) AND model.created_at >= :since
    AND (:text = '' OR instr(model.text, :text))
    AND (:tag = '' OR EXISTS (SELECT 1 FROM tag WHERE tag.model = model.id AND tag.tag = :tag))
"""
_BY_METRIC = f"SELECT {_COLUMNS} FROM metric JOIN model ON model.id = metric.model WHERE metric.name = :metric"

_FIND: Mapping[Order, str] = {
    Order.NEWEST: f"""
        SELECT {_COLUMNS} FROM model WHERE {_WANTED} AND (model.created_at, model.key) < (:value, :after)
        ORDER BY model.created_at DESC, model.key DESC LIMIT :limit""",
    Order.HIGHEST: f"""
        {_BY_METRIC} AND {_WANTED} AND (metric.value, model.key) < (:value, :after)
        ORDER BY metric.value DESC, model.key DESC LIMIT :limit""",
    Order.LOWEST: f"""
        {_BY_METRIC} AND {_WANTED} AND (metric.value, model.key) > (:value, :after)
        ORDER BY metric.value, model.key LIMIT :limit""",
}
_LIKE = f"""
    SELECT {_COLUMNS} FROM model WHERE key = :word OR name = :word
    UNION ALL SELECT * FROM (SELECT {_COLUMNS} FROM model WHERE substr(key, 1, length(:word)) = :word
                             AND key != :word AND name != :word LIMIT 4)"""
_OF_KEY = f"SELECT {_COLUMNS} FROM model WHERE key = :key"
_OF_ORIGIN = f"SELECT {_COLUMNS} FROM model WHERE origin = :origin"
_WORDS = "SELECT key, name FROM model ORDER BY created_at DESC LIMIT 500"  # comparing them is slow
_INSERT = """
    INSERT INTO model (origin, key, name, kind, task, metrics, card, attempt, worker, files, created_at, text)
    VALUES (:origin, :key, :name, :kind, :task, :metrics, :card, :attempt, :worker, :files, :created_at, :text)"""
_COPIES = "SELECT name FROM model WHERE name = :name OR (name >= :name || '_' AND name < :name || '`')"  # ` follows _
_HOLDING = "SELECT DISTINCT sha256 FROM file WHERE sha256 IN (SELECT value FROM json_each(:digests))"

MEMORY = ":memory:"
"""A path for a catalogue that lasts as long as its process."""


class SqliteShelf:
    """Models in the file at ``path``, which is made when it is first needed."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """See ``Catalog``."""
        with self._transaction():
            pass

    def add(self, model: Model, origin: str) -> Model:
        """See ``Catalog``."""
        with self._transaction() as db:
            before = next(_models(db.execute(_OF_ORIGIN, {"origin": origin})), None)
            if before is not None and before.number > model.number:
                raise shelf.overtaken(model, before.attempt)
            if before is not None and shelf.is_same(before, model):
                return before
            db.execute("DELETE FROM model WHERE origin = :origin", {"origin": origin})
            kept = replace(
                model,
                key=next(key for key in keys(model.key) if not _is_taken(db, key)),
                name=_free_name(db, shelf.wished_name(model, before)),
                tags=before.tags if before is not None else (),
            )
            _insert(db, kept, origin)
        return kept

    def like(self, word: str) -> Sequence[Model]:
        """See ``Shelf``."""
        with self._reading() as db:
            return list(_models(db.execute(_LIKE, {"word": word})))

    def words(self) -> Sequence[str]:
        """See ``Shelf``."""
        with self._reading() as db:
            return [word for row in db.execute(_WORDS) for word in row]

    def find(self, query: Find) -> Sequence[Model]:
        """See ``Catalog``."""
        first = -math.inf if query.order is Order.LOWEST else math.inf
        wanted = {
            **{field: getattr(query, field) for field in ("kind", "task", "tag", "since", "metric", "limit")},
            "text": query.text.casefold(),
            "value": query.after.value if query.after else first,
            "after": query.after.key if query.after else "",
        }
        with self._reading() as db:
            return list(shelf.until_full(_models(db.execute(_FIND[query.order], wanted))))

    def rename(self, key: str, name: str) -> Model:
        """See ``Catalog``."""
        with self._transaction() as db:
            kept = replace(_one(db, key), name=name)
            if db.execute("SELECT 1 FROM model WHERE name = ? AND key != ?", (name, key)).fetchone():
                raise shelf.taken(name)
            text = shelf.searchable(kept)
            db.execute("UPDATE model SET name = ?, text = ? WHERE key = ?", (name, text, key))
        return kept

    def tag(self, key: str, add: Collection[str], remove: Collection[str]) -> Model:
        """See ``Catalog``."""
        with self._transaction() as db:
            _one(db, key)
            rows = [(tag, key) for tag in add]
            db.executemany("INSERT OR IGNORE INTO tag (tag, model) SELECT ?, id FROM model WHERE key = ?", rows)
            gone = [(tag, key) for tag in remove]
            db.executemany("DELETE FROM tag WHERE tag = ? AND model = (SELECT id FROM model WHERE key = ?)", gone)
            return _one(db, key)

    def remove(self, key: str) -> Model:
        """See ``Catalog``."""
        with self._transaction() as db:
            model = _one(db, key)
            db.execute("DELETE FROM model WHERE key = ?", (key,))
        return model

    def holding(self, digests: Collection[str]) -> frozenset[str]:
        """See ``Catalog``."""
        with self._reading() as db:
            rows = db.execute(_HOLDING, {"digests": json.dumps(list(digests))})
            return frozenset(sha256 for (sha256,) in rows)

    def close(self) -> None:
        """See ``Catalog``."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with plainly(self._path):
            if self._connection is None:
                self._connection = connect(self._path)
            yield self._connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it, or nothing."""
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")


def _models(rows: sqlite3.Cursor) -> Iterator[Model]:
    for key, name, kind, task, metrics, card, attempt, worker, files, created_at, tags in rows:
        yield Model(
            key=key,
            name=name,
            kind=kind,
            task=task,
            metrics=json.loads(metrics),
            card=card,
            attempt=attempt,
            worker=worker,
            files=tuple(File(**file) for file in json.loads(files)),
            created_at=created_at,
            tags=tuple(sorted(json.loads(tags))),
        )


def _one(db: sqlite3.Connection, key: str) -> Model:
    for model in _models(db.execute(_OF_KEY, {"key": key})):
        return model
    raise shelf.missing(key, [word for row in db.execute(_WORDS) for word in row])


def _is_taken(db: sqlite3.Connection, key: str) -> bool:
    return db.execute("SELECT 1 FROM model WHERE key = ?", (key,)).fetchone() is not None


def _free_name(db: sqlite3.Connection, wish: str) -> str:
    there = {name for (name,) in db.execute(_COPIES, {"name": wish})}
    return next(name for name in names(wish) if name not in there)


def _insert(db: sqlite3.Connection, model: Model, origin: str) -> None:
    plain = ("key", "name", "kind", "task", "card", "attempt", "worker", "created_at")
    row = {
        **{field: getattr(model, field) for field in plain},
        "origin": origin,
        "metrics": json.dumps(dict(model.metrics)),
        "files": json.dumps([asdict(file) for file in model.files]),
        "text": shelf.searchable(model),
    }
    number = db.execute(_INSERT, row).lastrowid
    db.executemany("INSERT INTO tag (model, tag) VALUES (?, ?)", [(number, tag) for tag in model.tags])
    metrics = [(number, name, value) for name, value in model.metrics.items()]
    db.executemany("INSERT INTO metric (model, name, value) VALUES (?, ?, ?)", metrics)
    files = [(number, sha256) for sha256 in {file.sha256 for file in model.files}]
    db.executemany("INSERT INTO file (model, sha256) VALUES (?, ?)", files)
