"""What a figure is: rows of a table, each with its bar, and one round of measuring them."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

Yardstick = Literal["python", "spawn", "fsync", "none"]
Sample = Mapping[str, float]
"""Row key → what one round measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a row has to reach."""

    sign: Literal["≥", "≤"]
    value: float

    def met(self, value: float) -> bool:
        return value >= self.value if self.sign == "≥" else value <= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. ``yardstick``: what the machine's speed is taken from when two runs are compared."""

    key: str
    says: str
    unit: str
    bars: tuple[Bar, ...] = ()  # none, or one
    yardstick: Yardstick = "python"

    @property
    def more_is_better(self) -> bool:
        return self.bars[0].sign == "≥" if self.bars else self.unit == "/s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Generic[T]):
    """Figures of one ``setting`` share it, and are measured in turn, round by round."""

    name: str
    rows: tuple[Row, ...]
    setting: Callable[[], AbstractContextManager[T]]
    play: Callable[[T], Sample]
    once: bool = False  # one round is enough: what it measures hardly varies


def at_least(value: float) -> tuple[Bar, ...]:
    return (Bar(sign="≥", value=value),)


def at_most(value: float) -> tuple[Bar, ...]:
    return (Bar(sign="≤", value=value),)


def split_rows(what: str, parts: Iterable[str], yardstick: Yardstick = "python") -> Iterable[Row]:
    """Who spent the processor on one task: a table of its own, with a column for each ``what``."""
    return (Row(key=f"split {what} {part}", says=f"· {part}", unit="µs", yardstick=yardstick) for part in parts)
