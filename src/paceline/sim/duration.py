"""How long tasks take: always as long, or drawn from a distribution.

=====================  ==============================================================
``90s``                every task
``exp 90s``            exponential, with this mean
``uniform 1m 5m``      anything between the two, all alike
``lognormal 90s 1.5``  this median; the logarithm varies with this standard deviation
=====================  ==============================================================

A task's draw depends on the seed, its job and its index alone, so whoever runs it and whenever: it takes as long.
"""

import difflib
import math
from dataclasses import dataclass
from statistics import NormalDist

from paceline.grammar import parse_duration
from paceline.model.errors import UsageError

_NORMAL = NormalDist()
_MASK = (1 << 64) - 1
_FORMS = {
    "fixed": "90s",
    "exp": "exp 90s",
    "uniform": "uniform 1m 5m",
    "lognormal": "lognormal 90s 1.5",
}
LONGEST = 366 * 86_400.0
"""Seconds that no draw exceeds: the tail of a distribution is not what is planned for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A distribution and its parameters, in seconds. ``second`` is the other bound, or the logarithm's deviation."""

    form: str
    first: float
    second: float = 0.0

    @property
    def fixed(self) -> bool:
        return self.form == "fixed"

    def at(self, place: float) -> float:
        """The duration below which this share (in 0…1) of the tasks stay."""
        match self.form:
            case "exp":
                drawn = -self.first * math.log1p(-place)
            case "uniform":
                drawn = self.first + (self.second - self.first) * place
            case "lognormal":
                drawn = self.first * math.exp(self.second * _NORMAL.inv_cdf(place))
            case _:
                drawn = self.first
        return min(drawn, LONGEST)

    def mean(self) -> float:
        """Seconds that a task takes on average."""
        match self.form:
            case "uniform":
                return (self.first + self.second) / 2
            case "lognormal":
                return self.first * math.exp(self.second**2 / 2)
            case _:
                return self.first


def parse(text: str, field: str = "duration") -> Duration:
    """See the module. Raises UsageError naming the field."""
    form, *words = text.split() or [""]
    if form not in _FORMS:
        if not form[:1].isalpha():
            return Duration(form="fixed", first=_positive(text, field))
        near = difflib.get_close_matches(form, _FORMS, 1)
        raise UsageError(
            f"{field}: {form!r} is not a distribution",
            hint=f"did you mean {near[0]!r}?" if near else f"such as {', '.join(_FORMS.values())}",
        )
    wanted = len(_FORMS[form].split()) - 1
    if form == "fixed" or len(words) != wanted:
        raise UsageError(f"{field}: cannot read {text!r} as a distribution", hint=f"write {_FORMS[form]}")
    first = _positive(words[0], field)
    match form:
        case "uniform":
            return _between(first, _positive(words[1], field), text, field)
        case "lognormal":
            return Duration(form=form, first=first, second=_deviation(words[1], field))
        case _:
            return Duration(form=form, first=first)


def place(seed: int, job: int, index: int) -> float:
    """Where in 0…1 a task's draw lies, both ends left out."""
    mixed = (seed * 0x9E3779B97F4A7C15 + job * 0xBF58476D1CE4E5B9 + (index + 1) * 0x94D049BB133111EB) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((mixed ^ (mixed >> 31)) >> 12 | 1) / (1 << 52)


def _positive(text: str, field: str) -> float:
    seconds = parse_duration(text, field)
    if seconds <= 0:
        raise UsageError(f"{field}: {text!r}: a task takes longer than nothing", hint="such as 1ms")
    return seconds


def _between(low: float, high: float, text: str, field: str) -> Duration:
    if high < low:
        raise UsageError(f"{field}: {text!r} ends before it begins", hint="the shorter one comes first")
    return Duration(form="uniform", first=low, second=high)


def _deviation(text: str, field: str) -> float:
    try:
        sigma = float(text)
    except ValueError:
        sigma = -1.0
    if not 0 <= sigma <= 5:
        raise UsageError(f"{field}: a deviation is a number from 0 to 5, not {text!r}", hint="such as 1.5")
    return sigma
