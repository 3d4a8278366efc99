"""What passes between a training and its trainer: what the trainer may ask of the world, and what it hands back."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, Protocol

import numpy as np
from sklearn.compose import ColumnTransformer


class Checkpoint(Protocol):
    """What an earlier attempt left behind, whole and verified. ``step`` and ``metric`` are as they were given."""

    @property
    def path(self) -> Path: ...

    @property
    def step(self) -> int: ...

    @property
    def metric(self) -> float | None: ...


class Session(Protocol):
    """Everything that a trainer needs of the world. The module ``paceline.train`` is one."""

    def report(self, *, step: int = -1, **values: object) -> None:
        """Say how far it is."""

    def checkpoint(
        self, *, step: int, metric: float | None = None, best: Literal["min", "max"] = "min", keep: int = 3
    ) -> AbstractContextManager[Path]:
        """An empty directory to write files into; when the block is left they survive this machine."""

    def restore(self) -> Checkpoint | None:
        """The newest checkpoint of this task, whichever attempt made it."""

    def should_stop(self) -> bool:
        """Whether this attempt is to write a last checkpoint and end."""

    def requeue(self) -> NoReturn:
        """End this attempt and ask for another one, free of charge."""

    def publish(self, folder: Path, card: Mapping[str, object]) -> str:
        """Make the folder's files a model of the catalogue; returns its key, or nothing where there is no catalogue."""


class Fitted(Protocol):
    """A model as its library made it, behind what all of them can do."""

    @property
    def format(self) -> str:
        """How it is kept; its file is named ``model.<format>``."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """For a prepared matrix (rows, columns): probabilities (rows, classes), or values (rows,)."""

    def save(self, file: Path) -> None:
        """Write it. Never as a pickle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model with its preprocessing, and how good it is."""

    prepare: ColumnTransformer  # fitted; from raw columns to the model's matrix
    model: Fitted
    metrics: Mapping[str, float]  # at the end; ``val_…`` on rows it has not learned from
    classes: tuple[str | int, ...] = ()  # of a classification, in the order of the probabilities

    def predict(self, x: np.ndarray) -> np.ndarray:
        """For raw columns (rows, features), as in ``Part.x``: probabilities (rows, classes), or values (rows,)."""
        return self.model.predict(self.prepare.transform(x))
