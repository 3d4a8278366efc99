"""A catalogue in a MongoDB, for models of several fleets in one place. One document per model, no transactions.

::

    {_id: origin, key, name, kind, task, metrics: {…}, tags: […], attempt, number, worker, created_at,
     files: [{name, sha256, bytes}], card: "JSON", text: "what is searched"}

What must be decided in one step is: unique indexes give a name and a key to one model, ``_id`` an entry to one task. A
write that they refuse is tried again with the next name. Each is acknowledged by a majority, journalled.

It holds what is said of models, not their files: those stay with the server that published them.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any, TypeAlias

import pymongo
from pymongo import errors
from pymongo.collection import Collection as MongoCollection
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from paceline.catalog import Find, Model, Order
from paceline.catalogs import shelf
from paceline.model.errors import StoreError, TryAgain, UsageError
from paceline.model.file import File
from paceline.model.naming import keys, names

Document: TypeAlias = dict[str, Any]

DATABASE, COLLECTION = "paceline", "models"
_SELECTION, _PATIENCE = "serverSelectionTimeoutMS", 5_000  # milliseconds for a server to be found, unless the URL says
_NUMBERS = 4  # of those whose key begins so
_NAMED = 500  # of those one may have meant: comparing them is slow
_RETRY = 100  # names that others took in the moment we tried
_DIRECTION = {Order.NEWEST: -1, Order.HIGHEST: -1, Order.LOWEST: 1}


def connect(url: str) -> "MongoShelf":
    """A shelf in the database that the URL names (default: ``paceline``). Raises UsageError for what is no such URL.

    Nothing is sent yet. The URL may hold a password and is not repeated in any message.
    """
    try:
        said = parse_uri(url)
        patience: Document = {} if _SELECTION in said["options"] else {_SELECTION: _PATIENCE}
        client: pymongo.MongoClient[Document] = pymongo.MongoClient(url, connect=False, **patience)
    except (errors.PyMongoError, ValueError) as error:
        kind = type(error).__name__
        hint = "such as mongodb://HOST/DATABASE; a password's special characters are written as %XX"
        raise UsageError(f"catalog: that is no MongoDB URL ({kind})", hint=hint) from None
    durable = WriteConcern(w="majority", j=True)
    collection = client[said["database"] or DATABASE].get_collection(COLLECTION, write_concern=durable)
    return MongoShelf(collection, place=", ".join(f"{host}:{port}" for host, port in said["nodelist"]))


class MongoShelf:
    """Models in a collection. ``place``: what to call its server in messages."""

    def __init__(self, collection: "MongoCollection[Document]", *, place: str) -> None:
        self._collection = collection
        self._place = place
        self._indexed = False

    def open(self) -> None:
        """See ``Catalog``."""
        with self._models():
            pass

    def add(self, model: Model, origin: str) -> Model:
        """See ``Catalog``."""
        with self._models() as there:
            before = _found(there.find_one({"_id": origin}))
            if before is not None and before.number > model.number:
                raise shelf.overtaken(model, before.attempt)
            if before is not None and shelf.is_same(before, model):
                return before
            for _ in range(_RETRY):
                kept = _with_free_names(there, model, shelf.wished_name(model, before), origin)
                if _put(there, kept, origin):
                    return _model(there.find_one({"_id": origin}) or {})
                rival = _found(there.find_one({"_id": origin, "number": {"$gt": model.number}}))
                if rival is not None:
                    raise shelf.overtaken(model, rival.attempt)
        raise TryAgain(f"catalog: {model.name}: others take its names all the time")

    def like(self, word: str) -> Sequence[Model]:
        """See ``Shelf``."""
        with self._models() as there:
            exact = list(there.find({"$or": [{"key": word}, {"name": word}]}))
            begins = there.find({"key": {"$regex": f"^{re.escape(word)}"}}).limit(_NUMBERS)
            found = {document["key"]: document for document in [*exact, *begins]}
        return [_model(document) for document in found.values()]

    def words(self) -> Sequence[str]:
        """See ``Shelf``."""
        with self._models() as there:
            newest = there.find({}, {"key": 1, "name": 1}).sort("created_at", -1).limit(_NAMED)
            return [word for document in newest for word in (document["key"], document["name"])]

    def find(self, query: Find) -> Sequence[Model]:
        """See ``Catalog``."""
        field = "created_at" if query.order is Order.NEWEST else f"metrics.{query.metric}"
        direction = _DIRECTION[query.order]
        with self._models() as there:
            page = there.find(_filter(query, field)).sort([(field, direction), ("key", direction)]).limit(query.limit)
            return list(shelf.until_full(map(_model, page)))

    def rename(self, key: str, name: str) -> Model:
        """See ``Catalog``."""
        with self._models() as there:
            kept = replace(self._one(there, key), name=name)
            try:
                change = {"$set": {"name": name, "text": shelf.searchable(kept)}}
                done = there.update_one({"key": key}, change)
            except errors.DuplicateKeyError:
                raise shelf.taken(name) from None
            if not done.matched_count:
                raise shelf.missing(key, self.words())
        return kept

    def tag(self, key: str, add: Collection[str], remove: Collection[str]) -> Model:
        """See ``Catalog``."""
        with self._models() as there:
            there.update_one({"key": key}, {"$addToSet": {"tags": {"$each": list(add)}}})
            there.update_one({"key": key}, {"$pullAll": {"tags": list(remove)}})
            return self._one(there, key)

    def remove(self, key: str) -> Model:
        """See ``Catalog``."""
        with self._models() as there:
            gone = there.find_one_and_delete({"key": key})
        if gone is None:
            raise shelf.missing(key, self.words())
        return _model(gone)

    def holding(self, digests: Collection[str]) -> frozenset[str]:
        """See ``Catalog``."""
        with self._models() as there:
            found = there.find({"files.sha256": {"$in": list(digests)}}, {"files.sha256": 1})
            return frozenset(file["sha256"] for document in found for file in document["files"]) & frozenset(digests)

    def close(self) -> None:
        """See ``Catalog``."""
        self._collection.database.client.close()

    def _one(self, there: "MongoCollection[Document]", key: str) -> Model:
        found = _found(there.find_one({"key": key}))
        if found is None:
            raise shelf.missing(key, self.words())
        return found

    @contextmanager
    def _models(self) -> "Iterator[MongoCollection[Document]]":
        """The collection, with its indexes; what goes wrong with it in our words."""
        try:
            if not self._indexed:
                _index(self._collection)
                self._indexed = True
            yield self._collection
        except errors.ConnectionFailure as error:
            raise TryAgain(
                f"catalog: the MongoDB at {self._place} does not answer ({type(error).__name__})",
                hint="see that it runs and can be reached from the server",
            ) from None
        except errors.PyMongoError as error:
            code = getattr(error, "code", None)
            raise StoreError(
                f"catalog: the MongoDB at {self._place} refuses ({type(error).__name__} {code or ''})".replace(
                    " )", ")"
                ),
                hint="the URL's user needs to read, write and index the database",
            ) from None


def _index(models: "MongoCollection[Document]") -> None:
    models.create_index("key", unique=True)
    models.create_index("name", unique=True)
    models.create_index([("created_at", -1), ("key", -1)])
    models.create_index("tags")
    models.create_index("files.sha256")


def _put(models: "MongoCollection[Document]", model: Model, origin: str) -> bool:
    """Insert or replace, unless a later attempt's stands there. False: that, or a name or key is taken by now."""
    document = _document(model)
    try:
        models.update_one(
            {"_id": origin, "number": {"$lte": model.number}},
            {"$set": document, "$setOnInsert": {"tags": []}},
            upsert=True,
        )
    except errors.DuplicateKeyError:
        return False
    return True


def _with_free_names(models: "MongoCollection[Document]", model: Model, wish: str, origin: str) -> Model:
    """With the first name and key that no other origin has, as far as one can see now."""
    others: Document = {"_id": {"$ne": origin}}
    copies = models.find({**others, "name": {"$regex": rf"^{re.escape(wish)}(_[0-9]+)?$"}}, {"name": 1})
    called = {document["name"] for document in copies}
    wished = list(keys(model.key))
    alike = {document["key"] for document in models.find({**others, "key": {"$in": wished}}, {"key": 1})}
    name = next(name for name in names(wish) if name not in called)
    return replace(model, name=name, key=next(key for key in wished if key not in alike))


def _filter(query: Find, field: str) -> Document:
    wanted: Document = {"created_at": {"$gte": query.since}}
    wanted |= {name: value for name in ("kind", "task") if (value := getattr(query, name))}
    if query.tag:
        wanted["tags"] = query.tag
    if query.text:
        wanted["text"] = {"$regex": re.escape(query.text.casefold())}
    conditions = [wanted, {field: {"$exists": True}}]
    if query.after is not None:
        beyond = "$lt" if _DIRECTION[query.order] < 0 else "$gt"
        value, key = query.after.value, query.after.key
        conditions.append({"$or": [{field: {beyond: value}}, {field: value, "key": {beyond: key}}]})
    return {"$and": conditions}


def _document(model: Model) -> Document:
    plain = ("key", "name", "kind", "task", "card", "attempt", "number", "worker", "created_at")
    return {
        **{field: getattr(model, field) for field in plain},
        "metrics": dict(model.metrics),
        "files": [asdict(file) for file in model.files],
        "text": shelf.searchable(model),
    }


def _found(document: Mapping[str, Any] | None) -> Model | None:
    return None if document is None else _model(document)


def _model(document: Mapping[str, Any]) -> Model:
    plain = ("key", "name", "kind", "task", "card", "attempt", "worker", "created_at")
    return Model(
        **{field: document[field] for field in plain},
        metrics=dict(document["metrics"]),
        files=tuple(File(**file) for file in document["files"]),
        tags=tuple(sorted(document["tags"])),
    )
