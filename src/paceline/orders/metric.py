"""What trials are judged by: a number by its name, out of a result or a report, and which way is better."""

import difflib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from paceline.model.errors import UsageError

Direction: TypeAlias = Literal["min", "max"]

LESS = (
    "loss",
    "logloss",
    "log_loss",
    "mlogloss",
    "error",
    "mse",
    "rmse",
    "rmsle",
    "mae",
    "mape",
    "perplexity",
    "seconds",
)
MORE = ("accuracy", "balanced_accuracy", "r2", "auc", "roc_auc", "f1", "f1_macro", "precision", "recall", "score")
"""Metrics of which everybody knows which way is better, whatever part of the data they were measured on."""
PARTS = ("val_", "validation_", "test_", "train_")

PREFERRED = ("val_loss", "val_accuracy", "val_r2", "accuracy", "r2", "rmse", "loss")
"""What is looked at if nobody says otherwise: the first of these that there is."""


def direction(metric: str, *, hint: str, field: str = "metric") -> Direction:
    """Which way is better. Raises UsageError for a metric that is not a usual one; ``hint`` says how to tell."""
    bare = next((metric.removeprefix(part) for part in PARTS if metric.startswith(part)), metric)
    if bare in LESS or bare in MORE:
        return "min" if bare in LESS else "max"
    raise UsageError(f"{field}: nobody can know whether more or less {metric!r} is better", hint=hint)


def preferred(known: Iterable[str]) -> str:
    """The metric to judge by where none was asked for. Raises UsageError when none of them is a usual one."""
    names = sorted(set(known))
    for name in PREFERRED:
        if name in names:
            return name
    if not names:
        raise UsageError("metric: no trial has reported or returned a number yet")
    raise UsageError("metric: say what to judge by", hint=f"there are: {', '.join(names)}")


def missing(metric: str, known: Iterable[str]) -> UsageError:
    """No trial has it."""
    names = sorted(set(known))
    near = difflib.get_close_matches(metric, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}" if names else ""
    return UsageError(f"metric: no trial has reported or returned a number {metric!r}", hint=hint)


def of_result(said: Mapping[str, object]) -> dict[str, float]:
    """The numbers in a result; those under ``metrics`` count before others of the same name."""
    measured = said.get("metrics")
    return {**numbers(said), **(numbers(measured) if isinstance(measured, Mapping) else {})}


def numbers(said: Mapping[str, object]) -> dict[str, float]:
    """The finite numbers among some values."""
    return {
        name: float(value)
        for name, value in said.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


def members(text: bytes) -> Mapping[str, object]:
    """What a result says by name; nothing unless it is a JSON object."""
    try:
        said = json.loads(text)
    except ValueError:  # a pickle, or nothing at all
        return {}
    return said if isinstance(said, dict) else {}
