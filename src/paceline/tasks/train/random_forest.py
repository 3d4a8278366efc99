"""Random forests, by scikit-learn, grown a few trees at a time so that their progress can be watched.

A forest that is grown on (``warm_start``) skips the draws of the trees it has, so with a seed given it is tree by tree
the forest that one ``fit`` would have made, whatever the steps, and whichever attempt took them. A test holds this.

Metrics come from the trees' votes, which are added up as the trees appear: measuring costs each tree one pass over the
rows, not one per report.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from paceline import config
from paceline.model.errors import UsageError
from paceline.tasks.train import score, skops_file
from paceline.tasks.train.class_weight import class_weights
from paceline.tasks.train.pace import Pace
from paceline.tasks.train.params import RandomForestParams
from paceline.tasks.train.preprocess import median, preprocessing
from paceline.tasks.train.resume import Checkpoints
from paceline.tasks.train.split import Part, Parts
from paceline.tasks.train.trained import Session, Trained

Forest: TypeAlias = RandomForestClassifier | RandomForestRegressor
Trees: TypeAlias = Sequence[DecisionTreeClassifier | DecisionTreeRegressor]

REPORTS = 20
"""About so many of them, but one a second where that is more."""
_FILE = "forest.skops"


def train(params: RandomForestParams, parts: Parts, session: Session) -> Trained:
    """Grow the forest, telling how far it is after each step; go on from the trees of an earlier attempt."""
    prepare = preprocessing(parts.columns, median)
    learned = Part(x=_narrow(prepare.fit_transform(parts.train.x)), y=parts.train.y)
    held = Part(x=_narrow(prepare.transform(parts.validation.x)), y=parts.validation.y)
    checkpoints = Checkpoints(params, parts, session)
    forest = _restored(checkpoints) or planted(params, parts)
    votes, held_votes = Votes(forest, learned), Votes(forest, held)
    pace = Pace(total=params.trees, rows=len(learned.y), done=len(votes))
    metrics = votes.metrics() | score.prefixed("val_", held_votes.metrics()) if pace.done else {}
    for young in _grow(forest, learned, params, pace):
        votes.add(young)
        held_votes.add(young)
        metrics = votes.metrics() | score.prefixed("val_", held_votes.metrics())
        session.report(step=pace.done, trees=pace.done, **pace.values(), **metrics)
        if pace.done < params.trees:
            checkpoints.keep(lambda folder: skops_file.dump(forest, folder / _FILE), step=pace.done)
    return Trained(
        prepare=prepare,
        model=Grown(forest=forest.set_params(warm_start=False, n_jobs=None)),
        metrics=metrics | score.prefixed("val_", held_votes.more_metrics()),
        classes=tuple(forest.classes_.tolist()) if parts.task == "classification" else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """A forest that has all its trees."""

    forest: Forest
    format: str = "skops"

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probabilities (rows, classes), or values (rows,)."""
        vote = self.forest.predict_proba if isinstance(self.forest, RandomForestClassifier) else self.forest.predict
        return np.asarray(vote(_narrow(x)))

    def save(self, file: Path) -> None:
        """As skops."""
        skops_file.dump(self.forest, file)


def load(file: Path, card: Mapping[str, object]) -> Grown:
    """What ``save`` wrote. Raises UsageError for anything else."""
    return Grown(forest=_read(file))


def _read(file: Path) -> Forest:
    forest = skops_file.load(file)
    if not isinstance(forest, RandomForestClassifier | RandomForestRegressor):
        raise UsageError(f"{str(file)!r} holds a {type(forest).__name__}, not a random forest")
    return forest


def _restored(checkpoints: Checkpoints) -> Forest | None:
    found = checkpoints.restore()
    return _read(found.path / _FILE).set_params(n_jobs=config.threads()) if found else None


def planted(params: RandomForestParams, parts: Parts) -> Forest:
    """The forest before its first tree."""
    kind, rule = (RandomForestClassifier, "sqrt") if parts.task == "classification" else (RandomForestRegressor, 1.0)
    weights = {} if params.class_weight == "none" else {"class_weight": class_weights(params, parts.train.y)}
    return kind(
        n_estimators=0,
        max_depth=params.max_depth,
        min_samples_leaf=params.min_samples_leaf,
        max_features=rule if params.max_features == "auto" else params.max_features,
        random_state=params.seed,
        warm_start=True,
        n_jobs=config.threads(),
        **weights,
    )


def _grow(forest: Forest, part: Part, params: RandomForestParams, pace: Pace) -> Iterator[Trees]:
    """The trees that are missing, step by step, each step's when it is grown."""
    while step := _next_step(params, pace):
        pace.begin()
        forest.set_params(n_estimators=pace.done + step).fit(part.x, part.y)
        pace.advance(step)
        yield forest.estimators_[-step:]


def _next_step(params: RandomForestParams, pace: Pace) -> int:
    """Trees to grow until the next report; 0 when none are left."""
    usual = min(math.ceil(params.trees / REPORTS), max(1, int(pace.per_second)))
    threads = config.threads()
    even = math.ceil(usual / threads) * threads  # no thread waits while another grows the step's last tree
    return min(params.report_every or even, params.trees - pace.done)


class Votes:
    """What the forest says of one part, so far: the sum over its trees."""

    def __init__(self, forest: Forest, part: Part) -> None:
        self._forest = forest
        self._part = part
        self._sum: np.ndarray | float = 0.0
        self._trees = 0
        self.add(getattr(forest, "estimators_", ()))  # of an earlier attempt

    def __len__(self) -> int:
        return self._trees

    def add(self, trees: Trees) -> None:
        """Count these trees too. The rows were checked and narrowed once, when the part was made."""
        for tree in trees:
            vote = tree.predict_proba if self._classifies() else tree.predict
            self._sum = self._sum + vote(self._part.x, check_input=False)
        self._trees += len(trees)

    def metrics(self) -> dict[str, float]:
        """How good the forest is now."""
        if self._classifies():
            return score.classification(self._part.y, self._mean(), self._forest.classes_)
        return score.regression(self._part.y, self._mean())

    def more_metrics(self) -> dict[str, float]:
        """What is only of interest at the end."""
        if self._classifies():
            return score.classification_more(self._part.y, self._mean(), self._forest.classes_)
        return score.regression_more(self._part.y, self._mean())

    def _mean(self) -> np.ndarray:
        return np.asarray(self._sum) / self._trees

    def _classifies(self) -> bool:
        return isinstance(self._forest, RandomForestClassifier)


def _narrow(x: np.ndarray) -> np.ndarray:
    """Trees compare in 32 bits: convert once, not in every step."""
    return np.ascontiguousarray(x, dtype=np.float32)
