"""What to try next, and what to give up: Optuna's samplers and pruners over a space of ours.

The study lives in memory and is made again from the trials there are, in their order, whenever a sweep goes on. To make
that worth something nothing else may matter: the sampler is seeded anew for every trial, by the sweep's seed and the
trial's number. So a sweep that was interrupted proposes what it would have proposed anyway.
"""

import json
from collections.abc import Mapping
from typing import Literal, TypeAlias

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import TPESampler
from optuna.trial import Trial, TrialState

from paceline.model.errors import UsageError
from paceline.orders.jobfile.fields import Sweep
from paceline.orders.metric import Direction
from paceline.orders.space import Choice, Distribution, Loguniform, Row, Space, Uniform, draw

Verdict: TypeAlias = Literal["complete", "pruned", "failed"]

_STATES: Mapping[Verdict, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


class Study:
    """Trials are numbered from 0, in the order in which they were asked for or remembered."""

    def __init__(self, space: Space, sweep: Sweep, way: Direction, name: str) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would tell of every trial, as we do
        self._space = space
        self._sweep = sweep
        self._distributions = {name: _distribution(each) for name, each in space.items()}
        self._study = optuna.create_study(
            study_name=name,  # Hyperband deals trials to its brackets by it
            direction="minimize" if way == "min" else "maximize",
            pruner=_pruner(sweep),
        )
        self._trials: list[Trial] = []
        self._steps: dict[int, int] = {}  # the last one of each trial that has reported

    def ask(self) -> Row:
        """The parameters of the next trial."""
        number = len(self._trials)
        if self._sweep.sampler == "random":
            row = draw(self._space, self._sweep.seed, number)
            self.remember(row)
            return row
        self._study.sampler = TPESampler(seed=self._sweep.seed + number)
        return self._from_optuna(self._next().params)

    def remember(self, row: Mapping[str, object]) -> None:
        """The next trial is this one, which is already there. Raises UsageError if it is not of this space."""
        self._study.enqueue_trial(self._to_optuna(row))
        self._next()

    def report(self, number: int, step: int, value: float) -> bool:
        """A trial came so far; whether it is not worth going on with. What it says again is not heard."""
        trial = self._trials[number]
        if step <= self._steps.get(number, -1):
            return False
        self._steps[number] = step
        trial.report(value, step)
        return bool(trial.should_prune())

    def tell(self, number: int, verdict: Verdict, value: float = 0.0) -> None:
        """How a trial ended. ``value`` counts for a complete one; a pruned one is as good as its last report."""
        self._study.tell(self._trials[number], value if verdict == "complete" else None, state=_STATES[verdict])

    def _next(self) -> Trial:
        trial = self._study.ask(self._distributions)
        self._trials.append(trial)
        return trial

    def _from_optuna(self, params: Mapping[str, object]) -> Row:
        return {name: _chosen(self._space[name], value) for name, value in params.items()}

    def _to_optuna(self, row: Mapping[str, object]) -> Row:
        if row.keys() != self._space.keys():
            raise UsageError(
                f"sweep.space: a trial was made from {', '.join(row) or 'nothing'}, which is not this space"
            )
        return {name: _place(each, row[name]) for name, each in self._space.items()}


def _distribution(each: Distribution) -> BaseDistribution:
    match each:
        case Uniform(low=low, high=high):
            return FloatDistribution(low, high)
        case Loguniform(low=low, high=high):
            return FloatDistribution(low, high, log=True)
        case Choice(values=values):
            return CategoricalDistribution(range(len(values)))  # by place: a value may be anything
        case whole:
            return IntDistribution(whole.low, whole.high)


def _chosen(each: Distribution, value: object) -> object:
    return each.values[value] if isinstance(each, Choice) and isinstance(value, int) else value


def _place(each: Distribution, value: object) -> object:
    """Where a choice stands among the values. 1, 1.0 and true are three of them."""
    if not isinstance(each, Choice):
        return value
    told = [json.dumps(one, sort_keys=True) for one in each.values]
    return told.index(json.dumps(value, sort_keys=True))


def _pruner(sweep: Sweep) -> BasePruner:
    match sweep.pruner:
        case "none":
            return NopPruner()
        case "median":
            return MedianPruner(n_startup_trials=sweep.parallel, n_warmup_steps=sweep.min_steps)
        case "asha":
            return SuccessiveHalvingPruner(min_resource=sweep.min_steps, reduction_factor=sweep.reduction)
        case "hyperband":
            return HyperbandPruner(min_resource=sweep.min_steps, reduction_factor=sweep.reduction)
