"""The kind ``train``: a table in, a model in a safe format and honest metrics out.

Light on purpose: parameters are checked wherever a job is submitted, so nothing here imports a numerical library.
The work begins in ``run.py``; every model has a trainer of its own, named in ``TRAINERS``.
"""

import difflib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import urlsplit

from paceline.kinds import Kind, Variants
from paceline.model.errors import UsageError
from paceline.tasks.train.params import NeuralNetworkParams, RandomForestParams, TrainParams, XGBoostParams

EXTENSIONS = (".csv", ".tsv", ".parquet", ".npz")
SCHEMES = ("https", "http", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """One model that can be trained."""

    params: type[TrainParams]
    run: str  # ``module:name`` of its function (params, parts, session) -> Trained
    load: str  # ``module:name`` of its function (file, card) -> Fitted
    packages: tuple[str, ...]  # what must be installed for it, as it is imported


_TABLES = ("numpy", "pyarrow", "sklearn", "skops")

TRAINERS: Mapping[str, Trainer] = {
    "random_forest": Trainer(
        params=RandomForestParams,
        run="paceline.tasks.train.random_forest:train",
        load="paceline.tasks.train.random_forest:load",
        packages=_TABLES,
    ),
    "xgboost": Trainer(
        params=XGBoostParams,
        run="paceline.tasks.train.xgboost:train",
        load="paceline.tasks.train.xgboost:load",
        packages=(*_TABLES, "xgboost"),
    ),
    "neural_network": Trainer(
        params=NeuralNetworkParams,
        run="paceline.tasks.train.neural_network.trainer:train",
        load="paceline.tasks.train.neural_network.network:load",
        packages=(*_TABLES, "torch", "safetensors"),
    ),
}


def check(params: TrainParams) -> None:
    """Rules that concern several fields, or a name. Raises UsageError."""
    check_extension("train.data", params.data)
    if params.validation_data:
        check_extension("train.validation_data", params.validation_data)
    for name in params.features:
        if name == params.target:
            raise UsageError(f"train.features: {name!r} is the target, which cannot be learned from")
        if name in params.drop:
            raise UsageError(f"train.drop: {name!r} is also among the features")
    if params.target and params.target in params.drop:
        raise UsageError(f"train.drop: {params.target!r} is the target")
    if params.task == "regression" and params.class_weight != "none":
        raise UsageError("train.class_weight: a regression has no classes", hint="leave it out")


def check_extension(field: str, where: str) -> None:
    """Whether a file's name, or a URL, promises something that can be read. Raises UsageError."""
    url = urlsplit(where) if "://" in where else None
    if url and url.scheme not in SCHEMES:
        raise UsageError(f"{field}: {where!r} cannot be fetched", hint=f"one of {', '.join(SCHEMES)}, or a path")
    if url and "@" in url.netloc:
        message = f"{field}: a URL with a password would be seen by everybody who sees the job"
        raise UsageError(message, hint="fetch it in a job before this one, and give the path of the file")
    extension = PurePath(url.path if url else where).suffix.lower()
    if extension not in EXTENSIONS:
        raise UsageError(
            f"{field}: {where!r} is not a kind of file that can be read", hint=f"one of {', '.join(EXTENSIONS)}"
        )


def nearest(name: str, known: Sequence[str]) -> str:
    """A hint: the known name most like this one, or all of them where none is."""
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    first = known[:20]
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
    params=Variants(
        field="model",
        usual="random_forest",
        shapes={model: trainer.params for model, trainer in TRAINERS.items()},
    ),
    run="paceline.tasks.train.run:run",
    check=check,
    features=features,
    available=available,
)
