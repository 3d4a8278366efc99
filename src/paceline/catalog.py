"""Port: the models there are, found by what is said about them. The bytes of their files are ``blobs``'.

An entry belongs to the task that trained it, its *origin*: what a later attempt of that task publishes replaces what an
earlier one did, and the same once more changes nothing. Of a name or key that several entries want, each gets its own:
the catalogue decides that in one step, whoever else writes.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from paceline.model.file import File
from paceline.model.ids import split_attempt
from paceline.model.naming import parse_key

PAGE_BYTES = 2 << 20
"""Bytes of cards after which a page of models ends, whatever it was allowed to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A trained model and all that is known of it."""

    key: str  # "random-forest-95p2-20261216-7f3a"; stays
    name: str  # "RandomForest_95.2%_Dec16"; people may change it
    kind: str  # "random_forest"
    task: str  # "classification"
    metrics: Mapping[str, float]
    card: str  # JSON object: all that its trainer said (``model/card.py``)
    attempt: str  # "3.17#1", which made it
    worker: str
    files: tuple[File, ...]
    created_at: float  # seconds since 1970
    tags: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """Of its files."""
        return sum(file.bytes for file in self.files)

    @property
    def said(self) -> Mapping[str, Any]:
        """The card, read."""
        return json.loads(self.card)  # type: ignore[no-any-return]  # an object: it was checked when it came in

    @property
    def params(self) -> Mapping[str, Any]:
        """With which it was trained."""
        return self.said.get("params") or {}

    @property
    def data(self) -> Mapping[str, Any]:
        """Fingerprint, size and columns of what it was trained on."""
        return self.said.get("data") or {}

    @property
    def metric(self) -> str:
        """The one that it is named by, as ``metrics`` has it."""
        named_by = parse_key(self.key).score.metric
        return f"val_{named_by}" if f"val_{named_by}" in self.metrics else named_by

    @property
    def number(self) -> int:
        """Of the attempt: the later one counts."""
        return split_attempt(self.attempt)[1] if self.attempt else 0


class Order(StrEnum):
    """In which models are found."""

    NEWEST = "newest"
    HIGHEST = "highest"
    LOWEST = "lowest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page ended: what its last model was ordered by, and its key."""

    value: float
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Which models, in which order. Empty fields: any. By a metric only models that have it are found."""

    kind: str = ""
    task: str = ""
    tag: str = ""
    text: str = ""  # occurs in key, name or card, whatever its case
    since: float = 0.0  # seconds since 1970
    order: Order = Order.NEWEST
    metric: str = ""  # of HIGHEST and LOWEST
    after: Place | None = None  # the page before ended there
    limit: int = 100

    def place(self, model: Model) -> Place:
        """Where a page that ends with this model ends."""
        value = model.created_at if self.order is Order.NEWEST else model.metrics[self.metric]
        return Place(value=value, key=model.key)


class Catalog(Protocol):
    """See ``catalogs/`` for implementations and ``tests/contracts/catalog.py`` for what each must do.

    All raise TryAgain while nothing can be read or written, and StoreError if it never will be.
    """

    async def open(self) -> None:
        """Make ready. Raises StoreError for what cannot be a catalogue. One that only does not answer is none of
        those: it is asked again when it is needed."""
        ...

    async def add(self, model: Model, origin: str) -> Model:
        """The model as it is then kept: durably, under a name and a key of its own.

        ``origin`` is 64 hexadecimal digits that stand for a task; ``model.key`` ends in all of them. An entry of the
        same origin is replaced: it keeps its tags, and a name that somebody gave it. Raises Conflict if a later attempt
        has published already.
        """
        ...

    async def get(self, word: str) -> Model:
        """The model of this key or name, or the only one whose key begins so.

        Raises NotFound naming the nearest one, UsageError if several begin so.
        """
        ...

    async def find(self, query: Find) -> Sequence[Model]:
        """A page of models. It may end early where cards are large; an empty one says that there are no more."""
        ...

    async def rename(self, key: str, name: str) -> Model:
        """Raises NotFound, or Conflict if another model is called so."""
        ...

    async def tag(self, key: str, add: Collection[str], remove: Collection[str]) -> Model:
        """Raises NotFound."""
        ...

    async def remove(self, key: str) -> Model:
        """What it was. Raises NotFound."""
        ...

    async def holding(self, digests: Collection[str]) -> frozenset[str]:
        """Those of the SHA-256s that some model has a file of."""
        ...

    async def close(self) -> None:
        """Finish what was begun, then let go."""
        ...
