"""Models: what a training leaves for others."""

from collections.abc import Mapping
from pathlib import Path


def publish(folder: Path, card: Mapping[str, object]) -> str:
    """Make the files of a folder a model of the catalogue, described by its card; its key. Empty outside Paceline.

    When this returns, the model is on the server and survives this machine. A further attempt of the same task replaces
    what an earlier one published.
    """
    return ""
