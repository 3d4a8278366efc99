"""Models: what a training leaves for others."""

import json
from collections.abc import Mapping
from pathlib import Path

from paceline.pickled import HEAD, check_content
from paceline.train import session
from paceline.train.agent import ask
from paceline.train.folder import listed

PATIENCE = 600.0
"""Seconds without progress after which publishing is given up: a result is worth waiting for."""


def publish(folder: Path, card: Mapping[str, object]) -> str:
    """Make the files of a folder a model of the catalogue, described by its card; its key. Empty outside Paceline.

    ::

        publish(Path("model"), {"model": "xgboost", "task": "regression", "metrics": {"val_r2": 0.91}})

    When this returns, the model is on the server and survives this machine. A further attempt of the same task replaces
    what an earlier one published. A card needs at least ``model``, ``task`` and ``metrics``.

    Raises ValueError for a folder without files, or with a link in it, and TypeError for a card that JSON cannot hold;
    PacelineError if the catalogue refuses it (which says why), or nobody could be reached for ten minutes.
    """
    agent = session.agent()
    json.dumps(card)
    files = listed(folder)
    if agent is None:
        return ""
    for file in files:
        with (folder / (name := str(file["name"]))).open("rb") as content:
            check_content(name, content.read(HEAD))
    place = str(folder.absolute())
    question = {"ask": "publish", "key": session.current(), "folder": place, "files": files, "card": card}
    return str(ask(agent, question, PATIENCE)["key"])
