"""A checkpoint: what a task has got so far, from which a later attempt of it goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from paceline.model.file import File
from paceline.model.ids import AttemptId

Best: TypeAlias = Literal["min", "max"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Files that an attempt left at a step. ``metric``: what it was worth, if that was said; never NaN."""

    attempt: AttemptId
    step: int
    files: Sequence[File]
    metric: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Which of a task's checkpoints stay: the newest ``keep``, and the one with the best metric."""

    keep: int = 3
    best: Best = "min"
