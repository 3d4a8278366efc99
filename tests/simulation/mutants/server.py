"""Bugs in the server's loop and in the store."""

from collections.abc import Callable, Sequence
from typing import Any

from paceline.model.decision import Decision
from paceline.model.errors import StoreError, TryAgain
from paceline.model.records import Record
from paceline.server.loop import Loop
from paceline.stores.memory import MemoryStore
from tests.simulation.mutants.mutant import Mutant

Original = Callable[..., Any]


class Hasty:
    """A store that says of some batches that they are kept before they are."""

    def __init__(self, store: Any, early: Callable[[Sequence[Record]], bool]) -> None:
        self._store = store
        self._early = early

    def keep(self, records: Sequence[Record], kept: Callable[[BaseException | None], None]) -> None:
        if self._early(records):
            kept(None)
            self._store.keep(records, lambda error: None)
        else:
            self._store.keep(records, kept)


def hasty(early: Callable[[Sequence[Record]], bool]) -> Callable[[object], Original]:
    """The loop does not wait for the store."""

    def make(original: Any) -> Original:
        def turn(loop: Loop) -> None:
            if not isinstance(loop._store, Hasty):
                loop._store = Hasty(loop._store, early)  # type: ignore[assignment]
            original(loop)

        return turn

    return make


class Hopeful:
    """A store that takes a full disk for a disk."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def keep(self, records: Sequence[Record], kept: Callable[[BaseException | None], None]) -> None:
        self._store.keep(records, lambda error: kept(None if isinstance(error, TryAgain) else error))


def hopeful(original: Original) -> Original:
    """What could not be kept for now is spoken of."""

    def turn(loop: Loop) -> None:
        if not isinstance(loop._store, Hopeful):
            loop._store = Hopeful(loop._store)  # type: ignore[assignment]
        original(loop)

    return turn


def without_answers(original: Original) -> Original:
    """Workers hear of a decision, and nobody else."""

    def speak(loop: Loop, decision: Decision, answers: Sequence[Any], records: Sequence[Record]) -> None:
        original(loop, decision, [None] * len(answers), records)

    return speak


def any_term(original: Original) -> Original:
    """A stale epoch is as good as the latest."""

    def refusal(store: MemoryStore, records: Sequence[Record]) -> StoreError | None:
        store._epoch = store.tables.epoch
        return original(store, records)  # type: ignore[no-any-return]

    return refusal


MUTANTS = (
    Mutant(name="speak before save", owner=Loop, attribute="_turn", make=hasty(lambda records: True)),
    Mutant(name="silence is no proof", owner=Loop, attribute="_turn", make=hasty(lambda records: not records)),
    Mutant(name="a full disk is taken for kept", owner=Loop, attribute="_turn", make=hopeful),
    Mutant(name="nobody is answered", owner=Loop, attribute="_speak", make=without_answers),
    Mutant(name="a stale term may write", owner=MemoryStore, attribute="_refusal", make=any_term),
)
