"""Checkpoints of a training: when one is due, whose it is, and that nobody goes on from another's.

What a checkpoint says of itself stands in ``training.json``: every parameter that shapes the model, and the data.
"""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from paceline.clock import Clock, SystemClock
from paceline.model.errors import UsageError
from paceline.tasks.train.params import TrainParams
from paceline.tasks.train.split import Parts
from paceline.tasks.train.trained import Checkpoint, Session

IDENTITY = "training.json"
PATIENT = 100
"""Times as long as a checkpoint took to write, the next one waits: large ones must not eat the time."""
_NO_MATTER = {"output", "checkpoint_seconds", "report_every", "data", "validation_data"}
"""Parameters that do not shape the model. Of the data, content matters and not its path."""


class Checkpoints:
    """Those of one training."""

    def __init__(self, params: TrainParams, parts: Parts, session: Session, clock: Clock | None = None) -> None:
        self._identity = _identity(params, parts)
        self._session = session
        self._clock = clock or SystemClock()
        self._every = params.checkpoint_seconds
        self._next = self._clock.steady() + self._every
        self._newest = 0

    def restore(self) -> Checkpoint | None:
        """What to go on from. Raises UsageError if it is the checkpoint of another training."""
        found = self._session.restore()
        if found is not None:
            _check(self._identity, found)
            self._newest = found.step
        return found

    def keep(self, write: Callable[[Path], None], *, step: int, metric: float | None = None) -> None:
        """Write a checkpoint if one is due. If the attempt is to end, write it now, and ask for another attempt.

        ``write`` puts the model's files into the folder it is given; not if ``step`` is kept already, or 0: there is
        nothing to keep. ``metric``: the less, the better.
        """
        stop = self._session.should_stop()
        if step > self._newest and (stop or self._clock.steady() >= self._next):
            self._write(write, step, metric)
        if stop:
            self._session.requeue()

    def _write(self, write: Callable[[Path], None], step: int, metric: float | None) -> None:
        began = self._clock.steady()
        with self._session.checkpoint(step=step, metric=metric) as folder:
            (folder / IDENTITY).write_text(json.dumps(self._identity))
            write(folder)
        ended = self._clock.steady()
        self._newest, self._next = step, ended + max(self._every, PATIENT * (ended - began))


def _identity(params: TrainParams, parts: Parts) -> dict[str, object]:
    said = {name: value for name, value in msgspec.to_builtins(params).items() if name not in _NO_MATTER}
    said["content"] = [parts.data.sha256, parts.data.validation_sha256]
    normal: dict[str, object] = json.loads(json.dumps(said))
    return normal


def _check(mine: dict[str, object], found: Checkpoint) -> None:
    where = f"checkpoint of step {found.step}"
    try:
        its = json.loads((found.path / IDENTITY).read_bytes())
    except (OSError, ValueError):
        raise UsageError(f"{where}: it is not that of a training: there is no readable {IDENTITY} in it") from None
    for name in mine:
        if its.get(name) != mine[name]:
            raise UsageError(f"{where}: {_difference(name, mine, its)}", hint="submit it as a job of its own")


def _difference(name: str, mine: dict[str, object], its: dict[str, object]) -> str:
    if name == "content":
        return "it was made from other data"
    if name == "model":
        return f"it is that of a {its.get('model')}, not of a {mine['model']}"
    return f"it was made with {name} {its.get(name)!r}, not {mine[name]!r}"
