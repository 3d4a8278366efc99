"""What there is to know of a model: how good it is, and everything that it was made of."""

import dataclasses
import hashlib
import importlib
import platform
from pathlib import Path

import msgspec

import paceline
from paceline.tasks.train import TRAINERS
from paceline.tasks.train.params import TrainParams
from paceline.tasks.train.split import Parts
from paceline.tasks.train.trained import Trained


def card(params: TrainParams, parts: Parts, trained: Trained) -> dict[str, object]:
    """JSON-able; ``columns``: type of each feature, by which other tables are read; ``shape``: of one image."""
    return {
        "model": params.model,
        "task": parts.task,
        "metrics": dict(trained.metrics),
        "params": msgspec.to_builtins(params),
        "target": parts.target,
        "features": list(parts.features),
        "columns": {column.name: column.type for column in parts.columns},
        "shape": list(parts.shape),
        "classes": list(trained.classes),
        "rows": {"train": len(parts.train.y), "validation": len(parts.validation.y)},
        "data": dataclasses.asdict(parts.data),
        "versions": versions(params.model),
        "code": {"sha256": code()},
        "format": trained.model.format,
        "warnings": list(parts.warnings),
    }


def versions(model: str) -> dict[str, str]:
    """Of Python, of Paceline, and of the packages that this model needs, by the name they are imported by."""
    packages = {name: str(importlib.import_module(name).__version__) for name in TRAINERS[model].packages}
    return {"python": platform.python_version(), "paceline": paceline.__version__, **packages}


def code() -> str:
    """SHA-256 over the source of the trainers, so that two models of one version can be told apart in a checkout."""
    here = Path(__file__).parent
    said = hashlib.sha256()
    for file in sorted(here.rglob("*.py")):
        said.update(f"{file.relative_to(here)}\n".encode() + file.read_bytes())
    return said.hexdigest()
