"""One training, from parameters to result: the function behind the kind."""

import logging

import paceline.train
from paceline import kinds
from paceline.clock import SystemClock
from paceline.tasks.train import TRAINERS, folder
from paceline.tasks.train.card import card
from paceline.tasks.train.params import TrainParams
from paceline.tasks.train.source import fetched
from paceline.tasks.train.split import prepare
from paceline.tasks.train.trained import Session, Trained
from paceline.train.session import current

NAMES_AT_MOST = 1000
"""Features and classes a result lists by name; it says how many there are in any case."""

log = logging.getLogger(__name__)


def run(params: TrainParams) -> dict[str, object]:
    """Train, save, publish, and tell. Raises UsageError for whatever is wrong with the params or their files."""
    return train(params, paceline.train, label=current().replace("#", "-") or "local")


def train(params: TrainParams, session: Session, *, label: str) -> dict[str, object]:
    """The same anywhere. ``label`` goes into the name of the model's folder."""
    clock = SystemClock()
    started = clock.steady()
    output = folder.directory(params.output)
    with fetched(params) as here:
        parts = prepare(here)
    for warning in parts.warnings:
        log.warning("%s", warning)
    trained: Trained = kinds.load(TRAINERS[params.model].run)(params, parts, session)
    about = card(params, parts, trained)
    kept = folder.save(trained, about, output, f"{params.model}-{label}")
    key = session.publish(kept.path, about)
    return _brief(about) | {
        "folder": {"path": str(kept.path), "sha256": kept.sha256, "bytes": kept.bytes},
        "key": key,
        "seconds": round(clock.steady() - started, 3),
    }


def _brief(card: dict[str, object]) -> dict[str, object]:
    """The card without what a wide table would fill pages with."""
    brief = {name: value for name, value in card.items() if name not in ("columns", "code")}
    data = card["data"]
    if isinstance(data, dict):
        brief["data"] = {name: value for name, value in data.items() if name != "columns"}
    for name in ("features", "classes"):
        values = card[name]
        if isinstance(values, list):
            brief |= {name: values[:NAMES_AT_MOST], f"{name}_count": len(values)}
    return brief
