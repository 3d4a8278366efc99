"""Plain tables: a heading, columns as wide as they must be, no lines. What is printed can be cut with ``awk``.

Cells hold what others said. Whatever is no ``Styled`` text of ours is made visible: it breaks no row, colours nothing
and moves no cursor.
"""

from collections.abc import Sequence

import click

from paceline.model.text import visible

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


class Styled(str):
    """Text in its colours. What is added to it has none."""

    __slots__ = ()

    def __add__(self, value: str, /) -> "Styled":
        return Styled(super().__add__(visible(value)))


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> str:
    """Rows under a heading, or a sentence that says that there are none."""
    if not rows:
        return empty
    lines: list[list[str]] = [[styled(each, bold=True) for each in heading], *([*map(_shown, row)] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(cells, widths) for cells in lines)


def pairs(values: Sequence[tuple[str, str]]) -> str:
    """``key  value`` lines; empty values are left out."""
    shown = [(visible(key), _shown(value)) for key, value in values if value]
    width = max((len(key) for key, _ in shown), default=0)
    return "\n".join(f"{styled(key.ljust(width), bold=True)}  {value}" for key, value in shown)


def state(word: str) -> Styled:
    """A state in its colour."""
    return styled(word, colour=_COLOURS.get(word, ""))


def styled(text: str, *, colour: str = "", bold: bool = False) -> Styled:
    """Text in a colour, or in none."""
    plain = visible(text)
    return Styled(click.style(plain, fg=colour or None, bold=bold or None) if colour or bold else plain)


def _shown(cell: str) -> str:
    return cell if isinstance(cell, Styled) else visible(cell)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _width(cell: str) -> int:
    """Characters that show."""
    return len(click.unstyle(cell) if "\x1b" in cell else cell)
