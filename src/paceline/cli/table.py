"""Plain tables: a heading, columns as wide as they must be, no lines. What is printed can be cut with ``awk``."""

from collections.abc import Sequence

import click

_COLOURS = {
    "SUCCEEDED": "green",
    "READY": "green",
    "RUNNING": "cyan",
    "FAILED": "red",
    "LOST": "red",
    "CANCELLED": "yellow",
    "STOPPING": "yellow",
    "DRAINING": "yellow",
    "AWAY": "yellow",
}


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> str:
    """Rows under a heading, or a sentence that says that there are none."""
    if not rows:
        return empty
    widths = [max(map(_width, column)) for column in zip(heading, *rows, strict=True)]
    return "\n".join(_line(cells, widths) for cells in ([click.style(each, bold=True) for each in heading], *rows))


def pairs(values: Sequence[tuple[str, str]]) -> str:
    """``key  value`` lines; empty values are left out."""
    shown = [(key, value) for key, value in values if value]
    width = max((len(key) for key, _ in shown), default=0)
    return "\n".join(f"{click.style(key.ljust(width), bold=True)}  {value}" for key, value in shown)


def state(word: str) -> str:
    """A state in its colour."""
    return click.style(word, fg=_COLOURS[word]) if word in _COLOURS else word


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _width(cell: str) -> int:
    """Characters that show."""
    return len(click.unstyle(cell) if "\x1b" in cell else cell)
