"""Rows to learn from and rows to measure on, apart from each other."""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split

from paceline.model.errors import UsageError
from paceline.tasks.train import target
from paceline.tasks.train.columns import Column, type_of
from paceline.tasks.train.examples import Choice, Examples, check_shape, choose, take
from paceline.tasks.train.fingerprint import Fingerprint, fingerprint
from paceline.tasks.train.params import TrainParams
from paceline.tasks.train.table import Table, read

ROWS_AT_LEAST = 2
"""In each part: below that no metric means anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Features and target of one part. ``x``: raw columns (rows, features). ``y``: labels or values (rows,)."""

    x: np.ndarray  # float64, or objects where a column is text
    y: np.ndarray  # classes as str or int64, quantities as float64


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A question and the rows that answer it."""

    task: target.Task
    target: str
    columns: tuple[Column, ...]  # the features
    train: Part
    validation: Part
    shape: tuple[int, ...] = ()  # of one row's features, where they are an image: (28, 28) or (32, 32, 3)
    data: Fingerprint = Fingerprint()
    warnings: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def classes(self) -> np.ndarray:
        """All that occur, in either part, in order. Empty for a regression."""
        if self.task == "regression":
            return np.array([])
        return np.unique(np.concatenate([self.train.y, self.validation.y]))


def prepare(params: TrainParams) -> Parts:
    """Read, judge and divide. Raises UsageError for everything that can be wrong with a user's table."""
    table = read("train.data", params.data)
    choice = choose(params, table)
    examples = take(choice, table)
    task = target.judge(params, choice.target.name, examples.y)
    _check_weights(params, task)
    warnings: tuple[str, ...] = ()
    if params.validation_data:
        train, validation = _whole(task, examples), _second(params, choice, task, _shape(choice, table))
    else:
        train, validation, warnings = _divided(params, task, examples)
    _check_parts(task, train, validation)
    return Parts(
        task=task,
        target=choice.target.name,
        columns=choice.features,
        train=train,
        validation=validation,
        shape=_shape(choice, table),
        data=fingerprint(params, table),
        warnings=(*(f"column {name!r} has no values and was left out" for name in choice.ignored), *warnings),
    )


def _check_weights(params: TrainParams, task: target.Task) -> None:
    if params.class_weight != "none" and task == "regression":
        message = "train.class_weight: the target holds quantities, so there are no classes to weigh"
        raise UsageError(message, hint="leave it out, or task: classification")


def _shape(choice: Choice, table: Table) -> tuple[int, ...]:
    """An image is one only as long as it has all its pixels, in order."""
    pixels = [name for name in table.names if name != choice.target.name]
    return table.shape if [column.name for column in choice.features] == pixels else ()


def _whole(task: target.Task, examples: Examples) -> Part:
    return Part(x=examples.x, y=target.labels(task, examples.y))


def _second(params: TrainParams, choice: Choice, task: target.Task, shape: tuple[int, ...]) -> Part:
    table = read("train.validation_data", params.validation_data)
    check_shape(shape, table)
    _check_target(choice, table)
    second = take(choice, table)
    if not target.fits(task, second.y):
        raise _unlike(choice)
    return _whole(task, second)


def _check_target(choice: Choice, table: Table) -> None:
    # Numbers could be read as text; but as classes they would be others than those in data.
    if choice.target.name in table.names and type_of(table, choice.target.name) != choice.target.type:
        raise _unlike(choice)


def _unlike(choice: Choice) -> UsageError:
    return UsageError(f"train.validation_data: column {choice.target.name!r} is not of the same kind as in data")


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
