"""The kind ``simulate``: a training that is not one, for load and demonstrations of scale.

It draws the curves that a training might show, takes the time it might take, fails as often as it is told to, and says
in every report, in its result and in the first line of its log that it is simulated. It learns nothing, so it publishes
nothing. Standard library only: thousands of them cost a worker next to nothing.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from paceline.kinds import Kind
from paceline.model.errors import UsageError

Milliseconds = Annotated[int, Meta(ge=0, le=3_600_000)]
Span = Annotated[list[Milliseconds], Meta(min_length=2, max_length=2)]  # not a tuple: msgspec 0.22 crashes on its union


class SimulateParams(msgspec.Struct, kw_only=True, frozen=True):
    """What to play. Every model has a curve in both sets."""

    model: Literal["neural_network", "xgboost", "random_forest"] = "neural_network"
    curves: Literal["a", "b"] = "a"
    rate: Annotated[float, Meta(gt=0, le=1000)] = 1.0  # how many times as quickly as published it learns
    seed: Annotated[int, Meta(ge=0)] | None = None  # same seed, same curve; None: the task's number, so tasks differ

    epochs: Annotated[int, Meta(ge=1, le=1_000_000)] = 10
    epoch_ms: Milliseconds | Span = msgspec.field(default_factory=lambda: [200, 499])  # or from … to, drawn evenly
    slow_down: Annotated[float, Meta(gt=0, le=1000)] = 1.0  # an epoch takes so many times as long
    virtual: bool = False  # do not wait; the times that are reported are what they would have been
    samples: Annotated[int, Meta(ge=1)] = 1000  # that an epoch is said to see

    failure_rate: Annotated[float, Meta(ge=0, le=1)] = 0.0  # of the attempts, at an epoch drawn evenly
    report_every: Annotated[int, Meta(ge=0)] = 0  # epochs; 0: every one, in virtual time some twenty of them
    checkpoint_every: Annotated[int, Meta(ge=0)] = 0  # epochs; 0: never, and every attempt begins at the beginning


def check(params: SimulateParams) -> None:
    """Rules that concern several fields. Raises UsageError."""
    low, high = span(params)
    if low > high:
        raise UsageError(f"simulate.epoch_ms: {low} to {high} is empty", hint=f"[{high}, {low}]")


def span(params: SimulateParams) -> tuple[int, int]:
    """Milliseconds of an epoch, from … to."""
    low, high = [params.epoch_ms] * 2 if isinstance(params.epoch_ms, int) else params.epoch_ms
    return low, high


KIND = Kind(params=SimulateParams, run="paceline.tasks.simulate.run:run", check=check)
