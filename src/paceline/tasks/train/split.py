"""Rows to learn from and rows to measure on, apart from each other."""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split

from paceline.model.errors import UsageError
from paceline.tasks.train import TrainParams, target
from paceline.tasks.train.examples import Choice, Examples, choose, take
from paceline.tasks.train.table import read

ROWS_AT_LEAST = 2
"""In each part: below that no metric means anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Features and target of one part."""

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A question and the rows that answer it."""

    task: target.Task
    target: str
    features: tuple[str, ...]
    text: tuple[int, ...]  # which of the features are text
    train: Part
    validation: Part
    warnings: tuple[str, ...] = ()


def prepare(params: TrainParams) -> Parts:
    """Read, judge and divide. Raises UsageError for everything that can be wrong with a user's table."""
    table = read("data", params.data)
    choice = choose(params, table)
    examples = take(choice, table)
    task = target.judge(params, choice.target, examples.y)
    warnings: tuple[str, ...] = ()
    if params.validation_data:
        train, validation = _whole(task, examples), _second(params, choice, task, examples)
    else:
        train, validation, warnings = _divided(params, task, examples)
    _check_parts(task, train, validation)
    return Parts(
        task=task,
        target=choice.target,
        features=choice.features,
        text=examples.text,
        train=train,
        validation=validation,
        warnings=(*(f"column {name!r} has no values and was left out" for name in choice.ignored), *warnings),
    )


def _whole(task: target.Task, examples: Examples) -> Part:
    return Part(x=examples.x, y=target.labels(task, examples.y))


def _second(params: TrainParams, choice: Choice, task: target.Task, first: Examples) -> Part:
    second = take(choice, read("validation_data", params.validation_data))
    for position, name in enumerate(choice.features):
        if (position in first.text) != (position in second.text):
            kinds = ("text", "numbers") if position in first.text else ("numbers", "text")
            raise UsageError(f"train.validation_data: column {name!r} holds {kinds[1]}, but {kinds[0]} in data")
    if (first.y.dtype == object) != (second.y.dtype == object) or not target.fits(task, second.y):
        raise UsageError(f"train.validation_data: column {choice.target!r} is not of the same kind as in data")
    return _whole(task, second)


def _divided(params: TrainParams, task: target.Task, examples: Examples) -> tuple[Part, Part, tuple[str, ...]]:
    y = target.labels(task, examples.y)
    held = max(1, round(examples.rows * params.validation_split))
    if min(held, examples.rows - held) < ROWS_AT_LEAST:
        message = f"train.validation_split: {params.validation_split:g} of {examples.rows} rows leaves"
        raise UsageError(
            f"{message} {examples.rows - held} to learn from and {held} to measure on; each needs {ROWS_AT_LEAST}",
            hint="more rows, another validation_split, or validation_data",
        )
    strata, warnings = _strata(task, y, held)
    x_train, x_held, y_train, y_held = train_test_split(
        examples.x, y, test_size=held, random_state=params.seed, stratify=strata
    )
    return Part(x=x_train, y=y_train), Part(x=x_held, y=y_held), warnings


def _strata(task: target.Task, y: np.ndarray, held: int) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """What the split keeps in proportion: the classes, where each has enough rows to stand in both parts."""
    if task == "regression":
        return None, ()
    classes, counts = np.unique(y, return_counts=True)
    if counts.min() >= 2 and min(held, len(y) - held) >= len(classes):
        return y, ()
    rarest = classes[counts.argmin()]
    return None, (f"class {rarest!s} has too few rows ({counts.min()}) to stand in both parts: split at random",)


def _check_parts(task: target.Task, train: Part, validation: Part) -> None:
    if len(validation.y) < ROWS_AT_LEAST:
        raise UsageError(f"train.validation_data: one row is too few to measure on; {ROWS_AT_LEAST} are needed")
    if task == "classification" and len(np.unique(train.y)) < 2:
        raise UsageError(
            f"train.validation_split: all {len(train.y)} rows to learn from are of class {train.y[0]!s}",
            hint="more rows, another seed, or validation_data",
        )
