"""Port: load everything, keep records atomically, read for queries.

A store keeps; it never chooses. Every keep carries the term (*epoch*) that ``load`` opened: once a later server has
opened the store, an older one can write nothing.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from paceline.model.queries import Query
from paceline.model.records import Record, Snapshot

A = TypeVar("A")


class Store(Protocol):
    """See ``stores/`` for implementations and ``tests/contracts/store.py`` for what each must do."""

    async def load(self) -> Snapshot:
        """Open for writing under a new epoch and give back all that is needed to go on.

        Raises StoreError: another server is live, the file system is a network's, the schema is newer than we are.
        """
        ...

    def keep(self, records: Sequence[Record], kept: Callable[[BaseException | None], None]) -> None:
        """Make the records durable, all or none, after all that were given before; then call ``kept``.

        ``kept`` is called in the event loop: with None once they are on disk, with the error if they could not be
        kept. What is given while a commit is under way shares the next one (group commit). No records at all ask for
        nothing but the term: the error says that another server has taken over. A StoreError is final. A
        TryAgain is not: there is no space, or the like; the same records are tried again until they can be kept, and
        ``kept`` is called once more. Meanwhile queries are answered as ever.
        """
        ...

    async def read(self, query: Query[A]) -> A:
        """Answer a query from what is kept."""
        ...

    async def close(self) -> None:
        """Finish what was given to ``keep``, then let go of the store."""
        ...
