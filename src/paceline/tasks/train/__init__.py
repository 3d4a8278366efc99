"""The kind ``train``: a table in, a model file and honest metrics out.

Light on purpose: these parameters are checked wherever a job is submitted, so nothing here imports a numerical library.
The work begins in ``run.py``; every model has a trainer of its own, named in ``TRAINERS``.
"""

import difflib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from paceline.kinds import Kind
from paceline.model.errors import UsageError

EXTENSIONS = (".csv", ".tsv", ".parquet", ".npz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """One model that can be trained."""

    run: str  # ``module:name`` of its function (params, parts, report) -> Trained
    packages: tuple[str, ...]  # what must be installed for it


TRAINERS: Mapping[str, Trainer] = {
    "random_forest": Trainer(
        run="paceline.tasks.train.random_forest:train",
        packages=("numpy", "pyarrow", "sklearn", "skops"),
    ),
}


class TrainParams(msgspec.Struct, kw_only=True, frozen=True):
    """What to train, on what. Paths are the worker's, relative to the task's directory."""

    data: str  # a .csv, .tsv, .parquet or .npz file
    model: str = "random_forest"
    target: str = ""  # the column to predict; empty: the last one (NPZ: the array y)
    task: Literal["auto", "classification", "regression"] = "auto"
    features: list[str] = []  # columns to learn from; empty: all but the target
    drop: list[str] = []  # columns to leave out
    validation_split: Annotated[float, Meta(gt=0, lt=1)] = 0.2  # the part of the rows that is measured on
    validation_data: str = ""  # a second table to measure on, instead of a split
    seed: Annotated[int, Meta(ge=0, lt=2**32)] = 0  # same seed, same split, same model
    output: str = "models"  # directory for the model file

    trees: Annotated[int, Meta(ge=1, le=100_000)] = 100
    max_depth: Annotated[int, Meta(ge=1)] | None = None  # None: until the leaves are pure
    min_samples_leaf: Annotated[int, Meta(ge=1)] = 1
    # Tried at each split: a number of features, a fraction of them (1.0: all), or a rule.
    # "auto" is sqrt for classification, all for regression.
    max_features: Literal["auto", "sqrt", "log2"] | Annotated[int, Meta(ge=1)] | Annotated[float, Meta(gt=0, le=1)] = (
        "auto"
    )
    report_every: Annotated[int, Meta(ge=0)] = 0  # trees between reports; 0: some twenty reports, or one a second


def check(params: TrainParams) -> None:
    """Rules that concern several fields, or a name. Raises UsageError."""
    if params.model not in TRAINERS:
        raise UsageError(f"train.model: there is no model {params.model!r}", hint=nearest(params.model, TRAINERS))
    _check_extension("data", params.data)
    if params.validation_data:
        _check_extension("validation_data", params.validation_data)
    for name in params.features:
        if name == params.target:
            raise UsageError(f"train.features: {name!r} is the target, which cannot be learned from")
        if name in params.drop:
            raise UsageError(f"train.drop: {name!r} is also among the features")
    if params.target and params.target in params.drop:
        raise UsageError(f"train.drop: {params.target!r} is the target")


def _check_extension(field: str, path: str) -> None:
    extension = PurePath(path).suffix.lower()
    if extension not in EXTENSIONS:
        raise UsageError(
            f"train.{field}: {path!r} is not a kind of file that can be read", hint=f"one of {', '.join(EXTENSIONS)}"
        )


def nearest(name: str, known: Mapping[str, object] | list[str]) -> str:
    """A hint: the known name most like this one, or all of them where none is."""
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    first = list(known)[:20]
    return f"there are: {', '.join(first)}" + (f" and {len(known) - 20} more" if len(known) > 20 else "")


def features(params: TrainParams) -> tuple[str, ...]:
    """What a worker must be able to do."""
    return (f"train.{params.model}",)


def available() -> tuple[str, ...]:
    """What this machine can train, by what is installed."""
    return tuple(
        f"train.{model}"
        for model, trainer in TRAINERS.items()
        if all(importlib.util.find_spec(package) for package in trainer.packages)
    )


KIND = Kind(
    params=TrainParams,
    run="paceline.tasks.train.run:run",
    check=check,
    features=features,
    available=available,
)
