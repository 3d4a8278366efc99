"""What a catalogue is behind its thread: the same promises as ``paceline.catalog.Catalog``, one call after the other.

Implementations differ in where they keep models; what must not differ stands here: which words a search looks at, and
what a word means that somebody typed.
"""

import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from paceline.catalog import PAGE_BYTES, Find, Model
from paceline.model.errors import Conflict, NotFound, UsageError
from paceline.model.naming import is_made


class Shelf(Protocol):
    """Called by one thread only."""

    def open(self) -> None: ...

    def add(self, model: Model, origin: str) -> Model: ...

    def like(self, word: str) -> Sequence[Model]:
        """Those of this key or name, and the first few whose key begins so."""
        ...

    def words(self) -> Sequence[str]:
        """Keys and names of the newest models."""
        ...

    def find(self, query: Find) -> Sequence[Model]: ...

    def rename(self, key: str, name: str) -> Model: ...

    def tag(self, key: str, add: Collection[str], remove: Collection[str]) -> Model: ...

    def remove(self, key: str) -> Model: ...

    def holding(self, digests: Collection[str]) -> frozenset[str]: ...

    def close(self) -> None: ...


def get(shelf: Shelf, word: str) -> Model:
    """The model that a word means."""
    found = shelf.like(word) if word else ()
    for means in (lambda model: model.key == word, lambda model: model.name == word):
        for model in filter(means, found):
            return model
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(sorted(model.key for model in found)[:3])
        raise UsageError(f"{word!r} is how several models' keys begin", hint=f"say more of it: {some}")
    raise missing(word, shelf.words())


def missing(word: str, words: Sequence[str]) -> NotFound:
    """What to raise for a word that means no model."""
    if not words:
        return NotFound(f"there is no model {word!r}: none was published yet", hint="paceline run --kind train …")
    near = difflib.get_close_matches(word, words, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"the newest is {words[0]}; `paceline model ls` lists them"
    return NotFound(f"there is no model {word!r}", hint=hint)


def taken(name: str) -> Conflict:
    """What to raise when another model is called so."""
    return Conflict(f"name: another model is called {name!r}", hint="choose another, or rename that one first")


def overtaken(model: Model, by: str) -> Conflict:
    """What to raise when a later attempt of the same task has published."""
    return Conflict(f"attempt {model.attempt} comes too late: {by} of the same task has published its model")


def wished_name(model: Model, before: Model | None) -> str:
    """What a model is to be called, where it replaces another."""
    return before.name if before is not None and not is_made(before.name) else model.name


def is_same(one: Model, other: Model) -> bool:
    """Whether publishing the one after the other would change nothing."""
    return (one.attempt, one.card, one.files) == (other.attempt, other.card, other.files)


def searchable(model: Model) -> str:
    """In what a text is looked for."""
    return f"{model.key} {model.name} {model.card}".casefold()


def until_full(models: Iterable[Model]) -> Iterator[Model]:
    """The first models, at least one, up to and with the one that fills the page."""
    size = 0
    for model in models:
        yield model
        size += len(model.card) + 100 * len(model.files)
        if size >= PAGE_BYTES:
            return
