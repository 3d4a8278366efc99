"""A model's card: what its trainer says about it. JSON, kept word for word; this is the part that must be right.

::

    {"model": "random_forest", "task": "classification", "metrics": {"val_accuracy": 0.952},
     "params": {…}, "target": "churned", "features": […], "classes": […],
     "data": {"sha256": …, "rows": …, "columns": {…}}, "versions": {…}, "code": {"sha256": …}, "format": "skops"}

``model``, ``task`` and ``metrics`` are required; anything may be added.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paceline.model import file
from paceline.model.errors import UsageError
from paceline.model.file import File
from paceline.model.naming import Score, check_kind, score

PICKLES = frozenset((".ckpt", ".dill", ".joblib", ".p", ".pickle", ".pkl", ".pt", ".pth"))
"""Ends of names of files that run code when they are loaded."""

METRICS_LIMIT = 200
FILES_LIMIT = 1000
_NAME_LIMIT = 200

_METRIC = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_SHAPES: Mapping[str, tuple[type, str]] = {
    "params": (Mapping, "a mapping"),
    "data": (Mapping, "a mapping"),
    "versions": (Mapping, "a mapping"),
    "code": (Mapping, "a mapping"),
    "features": (Sequence, "a list"),
    "classes": (Sequence, "a list"),
    "target": (str, "a text"),
    "format": (str, "a text"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What of a card the catalogue itself needs."""

    kind: str  # "random_forest"
    task: str  # "classification"
    metrics: Mapping[str, float]

    @property
    def score(self) -> Score:
        """What the model is named by."""
        return score(self.task, self.metrics)


def read_card(said: Mapping[str, object]) -> Card:
    """Raises UsageError naming the field that is missing or wrong."""
    if said.get("simulated"):
        raise UsageError(
            "card.simulated: a simulated training makes no model", hint="the catalogue holds what can be used"
        )
    for field, (shape, words) in _SHAPES.items():
        value = said.get(field)
        if value is not None and (not isinstance(value, shape) or (shape is Sequence and isinstance(value, str))):
            raise UsageError(f"card.{field}: {words} is needed, got {type(value).__name__}")
    card = Card(kind=check_kind(_text(said, "model")), task=_text(said, "task"), metrics=_metrics(said.get("metrics")))
    score(card.task, card.metrics)  # raises if no metric can name it
    return card


def check_files(files: Sequence[File]) -> None:
    """Raises UsageError naming the file that a catalogue does not take."""
    if not files:
        raise UsageError("files: a model needs at least one", hint="publish the folder that the trainer saved into")
    for each in files:
        check_file_name(each.name)
    file.check_files(files, FILES_LIMIT)


def check_file_name(name: str) -> None:
    """Raises UsageError for a name that would lead out of the model's folder, or that is a pickle's."""
    parts = name.split("/")
    bad = not file.is_inside(name) or "\\" in name or not name.isprintable()
    if bad or len(name) > _NAME_LIMIT:
        raise UsageError(f"files: {name!r} is not the name of a file inside the model's folder")
    _, dot, end = parts[-1].rpartition(".")
    if dot and f".{end.lower()}" in PICKLES:
        raise UsageError(
            f"files: {name!r} is a pickle by its name: whoever loads one runs the code in it",
            hint="save as skops, safetensors, ONNX, or the library's own format such as XGBoost's .ubj",
        )


def _text(said: Mapping[str, object], field: str) -> str:
    value = said.get(field)
    if value is None or value == "":
        raise UsageError(f"card.{field}: is missing", hint="a card needs model, task and metrics")
    if not isinstance(value, str) or len(value) > _NAME_LIMIT or not value.isprintable():
        raise UsageError(f"card.{field}: {value!r:.100} is not a short text")
    return value


def _metrics(said: object) -> Mapping[str, float]:
    if not isinstance(said, Mapping) or not said:
        raise UsageError("card.metrics: is missing", hint='such as {"val_accuracy": 0.952}')
    if len(said) > METRICS_LIMIT:
        raise UsageError(f"card.metrics: {len(said):,} metrics, at most {METRICS_LIMIT}", hint="put the rest elsewhere")
    return {check_metric(name): _metric(name, value) for name, value in said.items()}


def check_metric(name: object) -> str:
    """Raises UsageError for what cannot be the name of a metric."""
    if not isinstance(name, str) or not _METRIC.fullmatch(name):
        raise UsageError(f"metrics: {name!r} is not a name", hint="letters, digits and _: top_5_accuracy")
    return name


def _metric(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"card.metrics.{name}: {value!r} is not a finite number")
    if name in ("accuracy", "val_accuracy") and not 0 <= value <= 1:
        raise UsageError(f"card.metrics.{name}: {value} is not between 0 and 1", hint=f"a fraction: {value / 100:g}")
    return float(value)
