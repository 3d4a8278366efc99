"""How good predictions are, in the numbers people ask for first.

Predictions come as a forest gives them: the mean of its trees' probabilities (rows, classes) or values
(rows,).
"""

from collections.abc import Mapping

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, mean_squared_error, r2_score

SMALLEST = float(np.finfo(np.float64).eps)
"""Probability that the log loss takes for nothing."""


def classification(y: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> dict[str, float]:
    """Cheap enough for every report."""
    return {
        "accuracy": float(accuracy_score(y, _decided(probabilities, classes))),
        "loss": _log_loss(y, probabilities, classes),
    }


def classification_more(y: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> dict[str, float]:
    """At the end. ``f1`` is the mean over the classes."""
    return {"f1": float(f1_score(y, _decided(probabilities, classes), average="macro", zero_division=0))}


def regression(y: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Cheap enough for every report. ``loss`` is the mean squared error."""
    return {"r2": float(r2_score(y, values)), "loss": float(mean_squared_error(y, values))}


def regression_more(y: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """At the end."""
    return {"rmse": float(np.sqrt(mean_squared_error(y, values))), "mae": float(mean_absolute_error(y, values))}


def prefixed(prefix: str, metrics: Mapping[str, float]) -> dict[str, float]:
    """``{"loss": …}`` → ``{"val_loss": …}``."""
    return {prefix + name: value for name, value in metrics.items()}


def _decided(probabilities: np.ndarray, classes: np.ndarray) -> np.ndarray:
    return np.asarray(classes[probabilities.argmax(axis=1)])


def _log_loss(y: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> float:
    # Unlike scikit-learn's, this one has an answer for a class that training never saw: the worst.
    column = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    given = np.where(classes[column] == y, probabilities[np.arange(len(y)), column], 0.0)
    return float(-np.log(given.clip(SMALLEST, 1.0)).mean())
