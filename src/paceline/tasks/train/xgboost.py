"""Gradient boosting, by XGBoost: its own training loop, callbacks, metrics and early stopping.

What is random in it (``subsample``, ``colsample_bytree``) is drawn from a generator that XGBoost does not keep with a
model. So with sampling, boosting goes in chunks, each a call of its own with the seed ``seed + rounds before it``, and
a checkpoint is the model at the end of a chunk. Without sampling there is one chunk, and every round may be a
checkpoint. Either way a training that was killed and resumed makes, tree by tree, the model that it would have made.
A test holds this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xgboost

from paceline import config
from paceline.model.errors import UsageError
from paceline.tasks.train import score
from paceline.tasks.train.class_weight import row_weights
from paceline.tasks.train.params import XGBoostParams
from paceline.tasks.train.preprocess import as_they_are, preprocessing
from paceline.tasks.train.resume import Checkpoints
from paceline.tasks.train.split import Part, Parts
from paceline.tasks.train.trained import Session, Trained
from paceline.tasks.train.xgboost_rounds import HELD, LEARNED, Aim, Rounds, aim, losses


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Both parts, prepared."""

    learned: xgboost.DMatrix
    held: xgboost.DMatrix


def train(params: XGBoostParams, parts: Parts, session: Session) -> Trained:
    """Boost round by round, telling how far it is; go on from the rounds of an earlier attempt."""
    wanted = aim(parts)
    prepare = preprocessing(parts.columns, as_they_are)
    weights = None if params.class_weight == "none" else row_weights(params, parts.train.y)
    data = Data(
        learned=_matrix(prepare.fit_transform(parts.train.x), wanted.targets(parts.train), weights),
        held=_matrix(prepare.transform(parts.validation.x), wanted.targets(parts.validation)),
    )
    rounds = Rounds(params, wanted, session, Checkpoints(params, parts, session), rows=len(parts.train.y))
    booster = _boosted(params, settings(params, wanted), data, rounds)
    best = rounds.best()
    whole = best + 1 == rounds.done
    model = Boosted(booster=booster if whole else booster[: best + 1], classes=len(wanted.classes))
    told = rounds.history[best]
    learned = told if weights is None else _scores(parts, parts.train, model.answers(data.learned))
    return Trained(
        prepare=prepare,
        model=model,
        metrics=learned | _held_scores(parts, model.answers(data.held)) | losses(told),
        classes=tuple(wanted.classes.tolist()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosted:
    """A booster that is done."""

    booster: xgboost.Booster
    classes: int  # how many; 0 for a regression
    format: str = "ubj"

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probabilities (rows, classes), or values (rows,)."""
        return self.answers(_matrix(x))

    def answers(self, x: xgboost.DMatrix) -> np.ndarray:
        """The same, for what is already XGBoost's."""
        self.booster.set_param({"nthread": config.threads()})
        said = np.asarray(self.booster.predict(x))
        return np.column_stack([1 - said, said]) if self.classes == 2 else said

    def save(self, file: Path) -> None:
        """As UBJSON."""
        self.booster.save_model(file)


def load(file: Path, card: Mapping[str, object]) -> Boosted:
    """What ``save`` wrote."""
    classes = card["classes"]
    return Boosted(booster=xgboost.Booster(model_file=file), classes=len(classes) if isinstance(classes, list) else 0)


def settings(params: XGBoostParams, wanted: Aim) -> dict[str, object]:
    """XGBoost's own parameters."""
    return {
        "objective": wanted.objective,
        "eval_metric": list(wanted.metrics),
        "learning_rate": params.learning_rate,
        "max_depth": params.max_depth,
        "min_child_weight": params.min_child_weight,
        "gamma": params.gamma,
        "reg_lambda": params.reg_lambda,
        "reg_alpha": params.reg_alpha,
        "subsample": params.subsample,
        "colsample_bytree": params.colsample_bytree,
        "max_bin": params.max_bin,
        "seed": params.seed,
        "nthread": config.threads(),
        "device": _device(params),
        **({"num_class": len(wanted.classes)} if wanted.objective == "multi:softprob" else {}),
    }


def _boosted(params: XGBoostParams, own: Mapping[str, object], data: Data, rounds: Rounds) -> xgboost.Booster:
    """All rounds, or those until it got no better for a while, chunk by chunk."""
    booster = rounds.restored
    while booster is None or not rounds.over():
        booster = xgboost.train(
            {**own, "seed": params.seed + rounds.done},
            data.learned,
            num_boost_round=rounds.next_chunk(),
            evals=[(data.learned, LEARNED), (data.held, HELD)],
            custom_metric=rounds.aim.custom,
            callbacks=rounds.callbacks(),
            xgb_model=booster,
            verbose_eval=False,
        )
    return booster


def _scores(parts: Parts, part: Part, said: np.ndarray) -> dict[str, float]:
    """By scikit-learn: rows count alike here. XGBoost's own count by their weights, where they have any."""
    if parts.task == "regression":
        return score.regression(part.y, said)
    return score.classification(part.y, said, parts.classes)


def _held_scores(parts: Parts, said: np.ndarray) -> dict[str, float]:
    held = parts.validation
    if parts.task == "regression":
        more = score.regression_more(held.y, said)
    else:
        more = score.classification_more(held.y, said, parts.classes)
    return score.prefixed("val_", _scores(parts, held, said) | more)


def _matrix(x: np.ndarray, y: np.ndarray | None = None, weights: np.ndarray | None = None) -> xgboost.DMatrix:
    return xgboost.DMatrix(np.asarray(x, dtype=np.float32), y, weight=weights, nthread=config.threads())


def _device(params: XGBoostParams) -> str:
    built_for_gpu = xgboost.build_info()["USE_CUDA"]
    if params.device == "cuda" and not built_for_gpu:
        hint = "device: cpu, or install xgboost in place of xgboost-cpu"
        raise UsageError("train.device: the XGBoost of this worker is built without CUDA", hint=hint)
    if params.device == "auto":
        return "cuda" if built_for_gpu and config.gpus() else "cpu"
    return params.device
