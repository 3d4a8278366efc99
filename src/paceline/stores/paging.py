"""Pages that fit into a message, however large their rows are."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from paceline.model.views import EntryRow, EventView, ResultRow

R = TypeVar("R")

PAGE_BYTES = 2 << 20
"""Bytes of rows after which a page ends, whatever it was allowed to hold."""


def result_size(row: ResultRow) -> int:
    """Bytes of a result."""
    return len(row.result) + len(row.detail)


def entry_size(row: EntryRow) -> int:
    """Bytes of an entry."""
    return len(row.payload)


def event_size(line: EventView) -> int:
    """Characters of a line."""
    return len(line.body)


def until_full(rows: Iterable[R], size_of: Callable[[R], int]) -> Iterator[R]:
    """The first rows, at least one, up to and with the one that fills the page."""
    size = 0
    for row in rows:
        yield row
        size += size_of(row)
        if size >= PAGE_BYTES:
            return
