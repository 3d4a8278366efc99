"""One simulated training, from parameters to result: the function behind the kind."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Literal, NoReturn, Protocol

import msgspec

from paceline import train
from paceline.model.ids import split_attempt
from paceline.tasks.simulate import SimulateParams, span
from paceline.tasks.simulate.curves import Epoch, epochs
from paceline.train.session import current

STATE = "state.json"
"""The one file of a checkpoint."""

REPORTS = 20
"""Of a run in virtual time, unless it is told how many: a worker passes on no more than so many a second."""

log = logging.getLogger(__name__)


class Kept(Protocol):
    """A checkpoint that was found again."""

    @property
    def path(self) -> Path: ...


class Session(Protocol):
    """What a simulation asks of the world: the module ``paceline.train``."""

    def report(self, *, step: int, **values: object) -> None: ...

    def checkpoint(
        self, *, step: int, metric: float | None, best: Literal["min", "max"]
    ) -> AbstractContextManager[Path]: ...

    def restore(self) -> Kept | None: ...

    def should_stop(self) -> bool: ...

    def requeue(self) -> NoReturn: ...


class SimulatedFailure(RuntimeError):
    """The failure that ``failure_rate`` asked for."""


def run(params: SimulateParams) -> dict[str, object]:
    """Play it. Raises SimulatedFailure as often as the parameters ask."""
    log.warning("simulated: no data is read and nothing is learned; the curves are made up")
    return simulate(params, train, current() or "local#1", time.sleep)


def simulate(
    params: SimulateParams, session: Session, attempt: str, wait: Callable[[float], None]
) -> dict[str, object]:
    """The same for the attempt ``3.17#2``, anywhere. ``wait`` takes seconds; it is not called in virtual time."""
    task, number = split_attempt(attempt)
    seed = task if params.seed is None else params.seed
    fails_at = failing_epoch(params, seed, number)
    state = _restored(params, session)
    every = params.report_every or (max(1, params.epochs // REPORTS) if params.virtual else 1)
    last = None
    for epoch, seconds in islice(_timed(params, seed), state.epoch, params.epochs):
        if not params.virtual:
            wait(seconds)
        if epoch.number == fails_at:
            raise SimulatedFailure(f"simulated failure in epoch {epoch.number} of attempt {number}")
        state = State(epoch=epoch.number, seconds=state.seconds + seconds)
        last = epoch
        if epoch.number % every == 0 or epoch.number == params.epochs:
            session.report(step=epoch.number, **_values(params, epoch, state, seconds))
        _keep(params, session, epoch, state)
    return _result(params, seed, last or _epoch(params, seed, state.epoch), state)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far it is. ``seconds``: that all epochs so far took, in any attempt, or would have taken."""

    epoch: int = 0
    seconds: float = 0.0


def failing_epoch(params: SimulateParams, seed: int | str, attempt: int) -> int:
    """The epoch in which this attempt fails; 0: it does not."""
    draw = Random(f"{seed}#{attempt}")  # noqa: S311 - nothing is kept secret by it
    return draw.randint(1, params.epochs) if draw.random() < params.failure_rate else 0


def _timed(params: SimulateParams, seed: int | str) -> Iterator[tuple[Epoch, float]]:
    """Epochs with their seconds, which are drawn apart: waiting differently does not change the curve."""
    pace = Random(f"{seed} pace")  # noqa: S311 - as above
    low, high = span(params)
    for epoch in epochs(params.curves, params.model, seed, params.rate):
        yield epoch, pace.randint(low, high) / 1000 * params.slow_down


def _epoch(params: SimulateParams, seed: int | str, number: int) -> Epoch:
    """That one again."""
    return next(islice(epochs(params.curves, params.model, seed, params.rate), number - 1, None))


def _restored(params: SimulateParams, session: Session) -> State:
    if not params.checkpoint_every or (kept := session.restore()) is None:
        return State()
    state = State(**json.loads((kept.path / STATE).read_text()))
    log.warning("simulated: goes on after epoch %d", state.epoch)
    return state


def _keep(params: SimulateParams, session: Session, epoch: Epoch, state: State) -> None:
    """A checkpoint when one is due; a last one where the attempt is asked to end."""
    if not params.checkpoint_every or state.epoch == params.epochs:
        return
    stop = session.should_stop()
    if stop or state.epoch % params.checkpoint_every == 0:
        with session.checkpoint(step=state.epoch, metric=epoch.validated.loss, best="min") as folder:
            (folder / STATE).write_text(json.dumps({"epoch": state.epoch, "seconds": state.seconds}))
    if stop:
        session.requeue()


def _values(params: SimulateParams, epoch: Epoch, state: State, seconds: float) -> dict[str, object]:
    """What a report says."""
    return {
        "simulated": True,
        "progress": state.epoch / params.epochs,
        "eta": round(state.seconds / state.epoch * (params.epochs - state.epoch), 3),
        "epoch": state.epoch,
        **_metrics(epoch),
        **({"samples_per_second": round(params.samples / seconds, 1)} if seconds else {}),
    }


def _metrics(epoch: Epoch) -> dict[str, float]:
    return {
        "loss": epoch.learned.loss,
        "val_loss": epoch.validated.loss,
        "accuracy": epoch.learned.accuracy,
        "val_accuracy": epoch.validated.accuracy,
    }


def _result(params: SimulateParams, seed: int | str, epoch: Epoch, state: State) -> dict[str, object]:
    return {
        "simulated": True,
        "model": params.model,
        "curves": params.curves,
        "epochs": state.epoch,
        "metrics": _metrics(epoch),
        "seconds": round(state.seconds, 3),
        "virtual": params.virtual,
        "params": {**msgspec.to_builtins(params), "seed": seed},
    }
