"""The rounds of a boosting as XGBoost tells of them: reported, kept, and ended when they get no better."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np
import xgboost
from sklearn.metrics import r2_score
from xgboost.callback import EarlyStopping, TrainingCallback

from paceline.tasks.train.pace import Pace
from paceline.tasks.train.params import XGBoostParams
from paceline.tasks.train.resume import Checkpoints
from paceline.tasks.train.split import Part, Parts
from paceline.tasks.train.trained import Session

Log: TypeAlias = Mapping[str, Mapping[str, Sequence[float]]]
"""XGBoost's: part → metric → a value for each round."""

LEARNED, HELD = "train", "validation"
CHUNK = 50
"""Rounds boosted with one seed, where there is sampling. Each chunk costs one more pass of the model so far."""
_MODEL, _HISTORY = "model.ubj", "history.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is learned, in XGBoost's words."""

    objective: str
    loss: str
    classes: np.ndarray  # in the order of their numbers; none of a regression
    error: str = ""  # the part that is wrong, of a classification
    custom: Callable[[np.ndarray, xgboost.DMatrix], tuple[str, float]] | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self.error, self.loss) if self.error else (self.loss,)

    def targets(self, part: Part) -> np.ndarray:
        """Quantities as they are, classes by their numbers."""
        return np.searchsorted(self.classes, part.y) if len(self.classes) else part.y

    def values(self, log: Log) -> dict[str, float]:
        """Of the newest round, by our names."""
        return {f"{prefix}{name}": value for prefix, part in _PARTS for name, value in self._of(log[part])}

    def _of(self, metrics: Mapping[str, Sequence[float]]) -> list[tuple[str, float]]:
        second = ("accuracy", 1 - metrics[self.error][-1]) if self.error else ("r2", metrics["r2"][-1])
        return [("loss", metrics[self.loss][-1]), second]


def aim(parts: Parts) -> Aim:
    """By the task, and the number of classes."""
    classes = parts.classes
    if parts.task == "regression":
        return Aim(objective="reg:squarederror", loss="rmse", classes=classes, custom=_r2)
    if len(classes) == 2:
        return Aim(objective="binary:logistic", loss="logloss", classes=classes, error="error")
    return Aim(objective="multi:softprob", loss="mlogloss", classes=classes, error="merror")


class Rounds(TrainingCallback):
    """Those that are done, of this attempt and of earlier ones. ``restored``: what to go on from."""

    def __init__(
        self, params: XGBoostParams, aim: Aim, session: Session, checkpoints: Checkpoints, *, rows: int
    ) -> None:
        self.aim = aim
        self.history: list[dict[str, float]] = []
        self.restored: xgboost.Booster | None = None
        self._params = params
        self._session = session
        self._checkpoints = checkpoints
        self._samples = params.subsample < 1 or params.colsample_bytree < 1
        self._stopping = EarlyStopping(
            rounds=params.patience, metric_name=aim.loss, data_name=HELD, maximize=False, save_best=False
        )
        self._restore()
        self._pace = Pace(total=params.rounds, rows=rows, done=self.done)

    @property
    def done(self) -> int:
        """How many."""
        return len(self.history)

    def over(self) -> bool:
        """Whether all are done, or the validation loss has not fallen for too long."""
        tired = 0 < self._params.patience <= self._stopping.current_rounds
        return tired or self.done >= self._params.rounds

    def next_chunk(self) -> int:
        """Rounds to boost with the next seed."""
        left = self._params.rounds - self.done
        return min(CHUNK - self.done % CHUNK, left) if self._samples else left

    def callbacks(self) -> list[TrainingCallback]:
        """For one call of ``xgboost.train``. A round is told before it may be the last."""
        return [self, self._stopping] if self._params.patience else [self]

    def best(self) -> int:
        """The round to keep, from 0: that of the lowest validation loss if we were to stop there, else the last."""
        held = [values["val_loss"] for values in self.history]
        return held.index(min(held)) if self._params.patience else self.done - 1

    def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: TrainingCallback.EvalsLog) -> bool:
        """XGBoost calls this; ``epoch`` counts from the chunk's first."""
        self.history.append(self.aim.values(cast(Log, evals_log)))
        self._pace.advance()
        self._session.report(step=self.done, rounds=self.done, **self._pace.values(), **self.history[-1])
        if self.done < self._params.rounds:
            kept = self.done - self.done % CHUNK if self._samples else self.done
            metric = self.history[kept - 1]["val_loss"]
            self._checkpoints.keep(lambda folder: self._write(folder, model, kept), step=kept, metric=metric)
        return False

    def _write(self, folder: Path, model: xgboost.Booster, kept: int) -> None:
        model[:kept].save_model(folder / _MODEL)
        (folder / _HISTORY).write_text(json.dumps(self.history[:kept]))

    def _restore(self) -> None:
        found = self._checkpoints.restore()
        if found is None:
            return
        self.restored = xgboost.Booster(model_file=found.path / _MODEL)
        self.history = json.loads((found.path / _HISTORY).read_bytes())
        if self._params.patience:
            for epoch, values in enumerate(self.history):  # it keeps in mind how long ago the best one was
                self._stopping.after_iteration(self.restored, epoch, {HELD: {self.aim.loss: [values["val_loss"]]}})


def losses(values: Mapping[str, float]) -> dict[str, float]:
    """Of a round's values, those that XGBoost has learned by."""
    return {name: values[name] for name in ("loss", "val_loss")}


def _r2(predicted: np.ndarray, part: xgboost.DMatrix) -> tuple[str, float]:
    return "r2", float(r2_score(part.get_label(), predicted))


_PARTS = (("", LEARNED), ("val_", HELD))
