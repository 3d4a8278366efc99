"""Many like things as columns of equal length: how ten thousand attempts cross a process border in one value.

A column that would hold the same default everywhere may be empty instead; ``column()`` reads either form.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from paceline.model.ids import JobId
from paceline.model.task import Ending, Outcome

T = TypeVar("T")


def column(values: Sequence[T], length: int, default: T) -> Sequence[T]:
    """The column itself, or ``length`` times the default where it was left empty."""
    return values if values else (default,) * length


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Some attempts of one job. Empty ``numbers``: all are first attempts."""

    job: JobId
    indexes: Sequence[int]
    numbers: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endings:
    """How some attempts of one job ended. Empty ``outcomes``: all succeeded."""

    job: JobId
    indexes: Sequence[int]
    numbers: Sequence[int] = ()
    outcomes: Sequence[Outcome] = ()
    codes: Sequence[int] = ()
    details: Sequence[str] = ()
    results: Sequence[bytes] = ()
    seconds: Sequence[float] = ()

    def only(self, positions: Sequence[int]) -> "Endings":
        """Those rows, in that order."""
        chosen = {
            name: [values[position] for position in positions]
            for name in ("numbers", "outcomes", "codes", "details", "results", "seconds")
            if (values := getattr(self, name))
        }
        return Endings(job=self.job, indexes=[self.indexes[position] for position in positions], **chosen)

    def ending(self, position: int) -> Ending:
        """One of them, whole."""

        def at(values: Sequence[T], default: T) -> T:
            return values[position] if values else default

        return Ending(
            outcome=at(self.outcomes, Outcome.SUCCEEDED),
            code=at(self.codes, 0),
            detail=at(self.details, ""),
            result=at(self.results, b""),
            seconds=at(self.seconds, 0.0),
        )
