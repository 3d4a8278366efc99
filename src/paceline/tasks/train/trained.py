"""What passes between the kind and its trainers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sklearn.pipeline import Pipeline


class Report(Protocol):
    """Says how far the training is: ``paceline.train.report``."""

    def __call__(self, *, step: int, **values: object) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model with its preprocessing in one scikit-learn pipeline, and how good it is."""

    pipeline: Pipeline
    metrics: Mapping[str, float]
    classes: tuple[str | int, ...] = ()  # of a classification, in the order of ``predict_proba``
