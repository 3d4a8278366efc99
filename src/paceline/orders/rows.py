"""Where the rows of an array come from: lines, a JSON list, a grid, chance. A row is text; all but lines are JSON."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from paceline.model.errors import UsageError
from paceline.orders.space import Space, draw


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


def from_grid(grid: Mapping[str, Sequence[object]], field: str = "grid") -> list[bytes]:
    """One row per combination of values, the last name varying fastest."""
    for name, values in grid.items():
        if not values:
            raise UsageError(f"{field}.{name}: no values, and an array needs at least one task")
    combinations = itertools.product(*grid.values())
    return [msgspec.json.encode(dict(zip(grid, values, strict=True))) for values in combinations]


def from_random(space: Space, samples: int, seed: int) -> list[bytes]:
    """Rows drawn from a space: always the same ones for a seed, and more samples begin with those of fewer."""
    return [msgspec.json.encode(draw(space, seed, number)) for number in range(samples)]


def _read(path: Path, field: str) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise UsageError(f"{field}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{field}: {path} is not UTF-8 text: {error.reason}") from None
