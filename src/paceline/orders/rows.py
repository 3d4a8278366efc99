"""Where the rows of an array come from: lines, a JSON list, a grid, chance. A row is text; all but lines are JSON."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from paceline.model.errors import UsageError
from paceline.orders.space import Space, draw

ROOM = 1 << 30
"""Bytes that the rows of one array may come to: a grid is easily written and hard to hold."""
_OVERHEAD = 64  # bytes that a row costs beside its own


def from_lines(path: Path, field: str = "each-line") -> list[bytes]:
    """One row per line that is not empty."""
    rows = [line.encode() for line in _read(path, field).splitlines() if line.strip()]
    if not rows:
        raise UsageError(f"{field}: {path} has no lines, and an array needs at least one task")
    return rows


def from_json(path: Path, field: str = "from-json") -> list[bytes]:
    """One row per item of a JSON list."""
    try:
        items = msgspec.json.decode(_read(path, field))
    except msgspec.DecodeError as error:
        raise UsageError(f"{field}: {path} is not JSON: {error}") from None
    if not isinstance(items, list):
        raise UsageError(f"{field}: {path} holds no list at its top", hint="such as [1, 2, 3]")
    return from_items(items, field)


def from_items(items: Sequence[object], field: str = "items") -> list[bytes]:
    """One row per item."""
    if not items:
        raise UsageError(f"{field}: the list is empty, and an array needs at least one task")
    return [msgspec.json.encode(item) for item in items]


def from_grid(grid: Mapping[str, Sequence[object]], field: str = "grid", room: int = ROOM) -> list[bytes]:
    """One row per combination of values, the last name varying fastest. ``room``: bytes that they may come to."""
    for name, values in grid.items():
        if not values:
            raise UsageError(f"{field}.{name}: no values, and an array needs at least one task")
    combinations = itertools.product(*grid.values())
    return _within((dict(zip(grid, values, strict=True)) for values in combinations), field, room)


def from_random(space: Space, samples: int, seed: int, room: int = ROOM) -> list[bytes]:
    """Rows drawn from a space: always the same ones for a seed, and more samples begin with those of fewer."""
    return _within((draw(space, seed, number) for number in range(samples)), "random.samples", room)


def _within(items: Iterable[object], field: str, room: int) -> list[bytes]:
    """The rows, counted while they are made: what does not fit must not be tried to the end."""
    made: list[bytes] = []
    for item in items:
        made.append(msgspec.json.encode(item))
        room -= len(made[-1]) + _OVERHEAD
        if room < 0:
            raise UsageError(
                f"{field}: more than {len(made) - 1:,} tasks of this size do not fit into one submission",
                hint="fewer values, or several jobs",
            )
    return made


def _read(path: Path, field: str) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise UsageError(f"{field}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{field}: {path} is not UTF-8 text: {error.reason}") from None
