"""Random forests, by scikit-learn, grown a few trees at a time so that their progress can be watched.

A forest that is grown on (``warm_start``) skips the draws of the trees it has, so with a seed given it is tree by tree
the forest that one ``fit`` would have made, whatever the steps. A test holds this.

Metrics come from the trees' votes, which are added up as the trees appear: measuring costs each tree one pass over the
rows, not one per report.
"""

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from paceline import config
from paceline.clock import SystemClock
from paceline.tasks.train import TrainParams, score
from paceline.tasks.train.preprocess import preprocessing
from paceline.tasks.train.split import Part, Parts
from paceline.tasks.train.trained import Report, Trained

Forest: TypeAlias = RandomForestClassifier | RandomForestRegressor
Trees: TypeAlias = Sequence[DecisionTreeClassifier | DecisionTreeRegressor]

REPORTS = 20
"""About so many of them, but one a second where that is more."""


def train(params: TrainParams, parts: Parts, report: Report) -> Trained:
    """Grow the forest, telling how far it is after each step."""
    prepare = preprocessing(len(parts.features), parts.text)
    learned = Part(x=_narrow(prepare.fit_transform(parts.train.x)), y=parts.train.y)
    held = Part(x=_narrow(prepare.transform(parts.validation.x)), y=parts.validation.y)
    forest = planted(params, parts)
    votes, held_votes = Votes(forest, learned), Votes(forest, held)
    pace = Pace(trees=params.trees, rows=len(learned.y))
    for young in _grow(forest, learned, params, pace):
        votes.add(young)
        held_votes.add(young)
        metrics = votes.metrics() | score.prefixed("val_", held_votes.metrics())
        report(step=pace.grown, **pace.values(), **metrics)
    forest.set_params(warm_start=False, n_jobs=None)
    return Trained(
        pipeline=Pipeline([("prepare", prepare), ("model", forest)]),
        metrics=metrics | score.prefixed("val_", held_votes.more_metrics()),
        classes=tuple(forest.classes_.tolist()) if parts.task == "classification" else (),
    )


def planted(params: TrainParams, parts: Parts) -> Forest:
    """The forest before its first tree."""
    kind, rule = (RandomForestClassifier, "sqrt") if parts.task == "classification" else (RandomForestRegressor, 1.0)
    return kind(
        n_estimators=0,
        max_depth=params.max_depth,
        min_samples_leaf=params.min_samples_leaf,
        max_features=rule if params.max_features == "auto" else params.max_features,
        random_state=params.seed,
        warm_start=True,
        n_jobs=config.threads(),
    )


class Pace:
    """How far and how fast the forest grows."""

    def __init__(self, *, trees: int, rows: int) -> None:
        self.grown = 0
        self._trees = trees
        self._rows = rows
        self._clock = SystemClock()
        self._started = self._last = self._clock.steady()
        self._per_second = 1.0

    def next_step(self, report_every: int) -> int:
        """Trees to grow until the next report; 0 when none are left."""
        usual = min(math.ceil(self._trees / REPORTS), max(1, int(self._per_second)))
        return min(report_every or usual, self._trees - self.grown)

    def begin(self) -> None:
        """A step starts now."""
        self._last = self._clock.steady()

    def end(self, trees: int) -> None:
        """The step is over; it grew so many."""
        self.grown += trees
        self._per_second = trees / max(self._clock.steady() - self._last, 1e-9)

    def values(self) -> dict[str, float]:
        """For a report. A sample is one row shown to one tree."""
        spent = self._clock.steady() - self._started
        return {
            "progress": self.grown / self._trees,
            "trees": self.grown,
            "samples_per_second": round(self._per_second * self._rows, 1),
            "eta": round(spent / self.grown * (self._trees - self.grown), 3),
        }


def _grow(forest: Forest, part: Part, params: TrainParams, pace: Pace) -> Iterator[Trees]:
    """The trees, step by step, each step's when it is grown."""
    while step := pace.next_step(params.report_every):
        pace.begin()
        forest.set_params(n_estimators=pace.grown + step).fit(part.x, part.y)
        pace.end(step)
        yield forest.estimators_[-step:]


class Votes:
    """What the forest says of one part, so far: the sum over its trees."""

    def __init__(self, forest: Forest, part: Part) -> None:
        self._forest = forest
        self._part = part
        self._sum: np.ndarray | float = 0.0
        self._trees = 0

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
