"""One training, from parameters to result: the function behind the kind."""

import dataclasses
import logging
import platform
from importlib.metadata import version

import msgspec

from paceline import kinds
from paceline.clock import SystemClock
from paceline.tasks.train import TRAINERS, TrainParams, model_file
from paceline.tasks.train.model_file import ModelFile
from paceline.tasks.train.split import Parts, prepare
from paceline.tasks.train.trained import Report, Trained
from paceline.train import report, session

NAMES_AT_MOST = 1000
"""Features and classes a result lists by name; it says how many there are in any case."""

log = logging.getLogger(__name__)


def run(params: TrainParams) -> dict[str, object]:
    """Train, save, and tell. Raises UsageError for whatever is wrong with the params or their files."""
    label = session.current().replace("#", "-") or "local"
    return train(params, report, label=label)


def train(params: TrainParams, report: Report, *, label: str) -> dict[str, object]:
    """The same anywhere. ``label`` goes into the model file's name."""
    clock = SystemClock()
    started = clock.steady()
    output = model_file.directory(params.output)
    parts = prepare(params)
    for warning in parts.warnings:
        log.warning("%s", warning)
    trained = kinds.load(TRAINERS[params.model].run)(params, parts, report)
    file = model_file.save(trained.pipeline, output, f"{params.model}-{label}")
    return _result(params, parts, trained, file) | {"seconds": round(clock.steady() - started, 3)}


def _result(params: TrainParams, parts: Parts, trained: Trained, file: ModelFile) -> dict[str, object]:
    return {
        "task": parts.task,
        "metrics": dict(trained.metrics),
        "model": dataclasses.asdict(file),
        "rows": {"train": len(parts.train.y), "validation": len(parts.validation.y)},
        "target": parts.target,
        "features": parts.features[:NAMES_AT_MOST],
        "feature_count": len(parts.features),
        "classes": trained.classes[:NAMES_AT_MOST],
        "class_count": len(trained.classes),
        "warnings": parts.warnings,
        "params": msgspec.to_builtins(params),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in ("paceline", "scikit-learn", "numpy", "pyarrow", "skops")}
    return {"python": platform.python_version()} | libraries
