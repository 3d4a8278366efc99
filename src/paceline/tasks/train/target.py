"""What kind of question the target asks, and whether it can be learned at all."""

from typing import Literal, TypeAlias

import numpy as np

from paceline.model.errors import UsageError
from paceline.tasks.train.params import TrainParams

Task: TypeAlias = Literal["classification", "regression"]

CLASSES_AT_MOST = 20
"""Whole numbers with more distinct values than this are taken for quantities, unless the user says otherwise."""


def judge(params: TrainParams, name: str, y: np.ndarray) -> Task:
    """The task: as asked for, or by the values of the target. Raises UsageError where the two contradict each other."""
    values = np.unique(y)
    if len(values) < 2:
        raise UsageError(f"train.target: column {name!r} is always {_shown(values[0])}: there is nothing to learn")
    text, whole = y.dtype == object, fits("classification", y)
    if params.task == "regression" and text:
        message = f"train.task: regression needs numbers, but column {name!r} holds text such as {_shown(values[0])}"
        raise UsageError(message, hint="task: classification")
    if params.task == "classification" and not whole:
        message = f"train.task: classification needs classes, but column {name!r} holds {len(values)} fractions"
        raise UsageError(message, hint="task: regression")
    task: Task = "classification" if text or (whole and len(values) <= CLASSES_AT_MOST) else "regression"
    if params.task != "auto":
        task = params.task
    if task == "classification" and len(values) == len(y) > CLASSES_AT_MOST:
        raise UsageError(f"train.target: column {name!r} has a class of its own for each of {len(y)} rows")
    return task


def fits(task: Task, y: np.ndarray) -> bool:
    """Whether a target could be one of this task: classes are text or whole numbers."""
    if y.dtype == object:
        return task == "classification"
    return task == "regression" or bool(np.all(y == np.floor(y)))


def labels(task: Task, y: np.ndarray) -> np.ndarray:
    """The target as a model should return it: classes as text or whole numbers, quantities as floats."""
    if task == "regression":
        return y
    return y.astype(str) if y.dtype == object else y.astype(np.int64)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else f"{value:g}"
