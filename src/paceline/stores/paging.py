"""Pages that fit into a message, however large their rows are."""

from collections.abc import Iterable, Iterator

from paceline.model.views import ResultRow

PAGE_BYTES = 2 << 20
"""Bytes of results after which a page ends, whatever it was allowed to hold."""


def until_full(rows: Iterable[ResultRow]) -> Iterator[ResultRow]:
    """The first rows, at least one, up to and with the one that fills the page."""
    size = 0
    for row in rows:
        yield row
        size += len(row.result) + len(row.detail)
        if size >= PAGE_BYTES:
            return
