"""A space of parameters: for every name a distribution, from which a trial's value is drawn.

In a job file a distribution is a mapping of one word to its values::

    space:
      learning_rate: {loguniform: [1e-5, 1e-1]}
      dropout: {uniform: [0, 0.5]}
      trees: {int: [50, 500]}
      depth: {choice: [4, 8, 16]}
"""

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from paceline.model.errors import UsageError

Row: TypeAlias = dict[str, object]
"""One trial's parameters by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """A number from ``low`` to ``high``, every one as likely as any other."""

    low: float
    high: float

    def draw(self, source: Random) -> float:
        return source.uniform(self.low, self.high)

    def extremes(self) -> Sequence[object]:
        return (self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loguniform:
    """A number from ``low`` to ``high``, both above 0, every order of magnitude as likely as any other."""

    low: float
    high: float

    def draw(self, source: Random) -> float:
        drawn = math.exp(source.uniform(math.log(self.low), math.log(self.high)))
        return min(max(drawn, self.low), self.high)

    def extremes(self) -> Sequence[object]:
        return (self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number from ``low`` to ``high``, both included."""

    low: int
    high: int

    def draw(self, source: Random) -> int:
        return source.randint(self.low, self.high)

    def extremes(self) -> Sequence[object]:
        return (self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of these values, which may be anything JSON can hold."""

    values: Sequence[object]

    def draw(self, source: Random) -> object:
        return source.choice(self.values)

    def extremes(self) -> Sequence[object]:
        return self.values


Distribution: TypeAlias = Uniform | Loguniform | Whole | Choice
Space: TypeAlias = Mapping[str, Distribution]


def parse_space(raw: Mapping[str, object], field: str) -> Space:
    """The space a job file describes at ``field``. Raises UsageError naming the parameter and what would do."""
    if not raw:
        raise UsageError(f"{field}: is empty, so all trials would be the same", hint="such as lr: {uniform: [0, 1]}")
    return {name: _distribution(described, f"{field}.{name}") for name, described in raw.items()}


def draw(space: Space, seed: int, number: int) -> Row:
    """The row of one trial. Every parameter has a source of its own: adding one leaves the others' values be."""
    return {name: each.draw(Random(f"{seed} {number} {name}")) for name, each in space.items()}  # noqa: S311 - no secret


def corners(space: Space) -> list[Row]:
    """Rows that hold, between them, every extreme value: what is wrong with one is found before any trial runs."""
    values = {name: each.extremes() for name, each in space.items()}
    longest = max(map(len, values.values()))
    return [{name: each[min(at, len(each) - 1)] for name, each in values.items()} for at in range(longest)]


def _distribution(described: object, field: str) -> Distribution:
    if not isinstance(described, Mapping) or len(described) != 1:
        said = " and ".join(described) if isinstance(described, Mapping) else repr(described)
        hint = "such as {uniform: [0, 1]}, or {choice: [a, b]}"
        raise UsageError(f"{field}: takes one distribution, got {said or 'nothing'}", hint=hint)
    ((word, values),) = described.items()
    if word not in _SORTS:
        near = difflib.get_close_matches(word, _SORTS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(_SORTS)}"
        raise UsageError(f"{field}.{word}: there is no such distribution", hint=hint)
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise UsageError(f"{field}.{word}: takes a list of values, got {values!r}", hint="such as [0, 1]")
    return _SORTS[word](values, f"{field}.{word}")


def _uniform(values: Sequence[object], field: str) -> Uniform:
    low, high = _bounds(values, field)
    return Uniform(low=low, high=high)


def _loguniform(values: Sequence[object], field: str) -> Loguniform:
    low, high = _bounds(values, field)
    if low <= 0:
        raise UsageError(f"{field}: {low} has no logarithm", hint="both above 0, or uniform")
    return Loguniform(low=low, high=high)


def _whole(values: Sequence[object], field: str) -> Whole:
    low, high = _bounds(values, field)
    if not (isinstance(low, int) and isinstance(high, int)):
        raise UsageError(f"{field}: {low} to {high} are not whole numbers", hint="uniform takes any")
    return Whole(low=low, high=high)


def _choice(values: Sequence[object], field: str) -> Choice:
    if not values:
        raise UsageError(f"{field}: there is nothing to choose from", hint="such as [4, 8, 16]")
    return Choice(values=tuple(values))


def _bounds(values: Sequence[object], field: str) -> tuple[float, float]:
    if len(values) != 2:
        raise UsageError(f"{field}: takes two numbers, from and to, got {len(values)}", hint="such as [0, 1]")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UsageError(f"{field}: {value!r} is not a number", hint="choice takes any value")
    low, high = values
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if low > high:
        raise UsageError(f"{field}: {low} to {high} is empty", hint=f"[{high}, {low}]")
    return low, high


_SORTS: Mapping[str, Callable[[Sequence[object], str], Distribution]] = {
    "uniform": _uniform,
    "loguniform": _loguniform,
    "int": _whole,
    "choice": _choice,
}
