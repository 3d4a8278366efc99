"""The way from parameters to a network that has learned.

Once a second, between two batches, a training looks up: it says how far it is, makes a checkpoint if one is due, and
ends if it is to. So an epoch may take hours, and little of it is ever lost.
"""

import math
from dataclasses import dataclass

import numpy as np

from paceline.clock import Clock, SystemClock
from paceline.model.errors import UsageError
from paceline.tasks.train import score
from paceline.tasks.train.neural_network import state
from paceline.tasks.train.neural_network.device import chosen, memory, settled, sparing
from paceline.tasks.train.neural_network.learning import Learning, begin
from paceline.tasks.train.neural_network.network import Network, answered, outputs
from paceline.tasks.train.neural_network.samples import Material, Samples, batches, material
from paceline.tasks.train.pace import Pace
from paceline.tasks.train.params import NeuralNetworkParams
from paceline.tasks.train.resume import Checkpoints
from paceline.tasks.train.split import Part, Parts
from paceline.tasks.train.trained import Session, Trained

LOOK_UP = 1.0
"""Seconds from one look to the next."""
_FILE = "learning.safetensors"


def train(params: NeuralNetworkParams, parts: Parts, session: Session) -> Trained:
    """Learn epoch by epoch, telling how it goes; go on from the checkpoint of an earlier attempt.

    Raises UsageError: no such device, no images to convolve, out of memory, or a loss that is no number any more.
    """
    return learned(params, parts, session, SystemClock())


def learned(params: NeuralNetworkParams, parts: Parts, session: Session, clock: Clock) -> Trained:
    """The same, by any clock."""
    device = chosen(params)
    with sparing(params, device), settled(params, device):
        shown = material(params, parts, device)
        training = Training(
            params=params,
            parts=parts,
            session=session,
            clock=clock,
            material=shown,
            learning=begin(params, shown.recipe, parts, device),
            checkpoints=Checkpoints(params, parts, session, clock),
        )
        training.run()
        return training.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One training of one network."""

    params: NeuralNetworkParams
    parts: Parts
    session: Session
    clock: Clock
    material: Material
    learning: Learning
    checkpoints: Checkpoints

    def run(self) -> None:
        """All epochs that are left, or as many as patience allows."""
        if found := self.checkpoints.restore():
            state.read(self.learning, found.path / _FILE)
        pace = Pace(total=self.params.epochs * len(self.material.train), rows=1, done=self._rows_done())
        while not self._over():
            self._learn(pace)
            self._end_epoch(pace)

    def result(self) -> Trained:
        """The network at its best, and how good it is: measured once more, on all rows, by the weights that stay."""
        self.learning.restore_best()
        learned = self._predicted("loss", self.material.train)
        held = self._predicted("val_loss", self.material.validation)
        held_metrics = self._metrics(self.parts.validation, held) | self._more_metrics(self.parts.validation, held)
        return Trained(
            prepare=self.material.prepare,
            model=Network(recipe=self.material.recipe, layers=self.learning.layers.cpu()),
            metrics=self._metrics(self.parts.train, learned) | score.prefixed("val_", held_metrics),
            classes=tuple(self.parts.classes.tolist()),
        )

    def _learn(self, pace: Pace) -> None:
        """The batches that are left of this epoch."""
        learning, samples = self.learning, self.material.train
        order = batches(samples, size=self.params.batch_size, seed=self.params.seed + learning.epoch)
        look_up = self.clock.steady() + LOOK_UP
        learning.layers.train()
        for rows in order[learning.batch :]:
            learning.learn(samples.x[rows], samples.y[rows])
            if self.clock.steady() >= look_up and learning.batch < len(order):
                self._report(pace, epoch=learning.epoch + 1, metrics=self._so_far())
                self._keep()
                look_up = self.clock.steady() + LOOK_UP

    def _end_epoch(self, pace: Pace) -> None:
        metrics = self._so_far()
        held = self._metrics(self.parts.validation, self._predicted("val_loss", self.material.validation))
        self.learning.end_epoch(held["loss"])
        self._report(pace, epoch=self.learning.epoch, metrics=metrics | score.prefixed("val_", held))
        if not self._over():
            self._keep()

    def _report(self, pace: Pace, *, epoch: int, metrics: dict[str, float]) -> None:
        pace.advance(self._rows_done() - pace.done)
        values = pace.values() | memory(self.learning.device) | metrics
        if self._over():  # patience may have ended it before its time
            values |= {"progress": 1.0, "eta": 0.0}
        self.session.report(step=epoch, epoch=epoch, **values)

    def _keep(self) -> None:
        """The step of a checkpoint is the number of corrections so far, as is usual, not that of the epoch."""
        losses = self.learning.val_losses
        batches_each = math.ceil(len(self.material.train) / self.params.batch_size)
        self.checkpoints.keep(
            lambda folder: state.write(self.learning, folder / _FILE),
            step=self.learning.epoch * batches_each + self.learning.batch,
            metric=losses[-1] if losses else None,
        )

    def _so_far(self) -> dict[str, float]:
        metrics = self.learning.tally.metrics()
        self._check("loss", metrics["loss"])
        return metrics

    def _predicted(self, name: str, samples: Samples) -> np.ndarray:
        said = outputs(self.learning.layers, samples.x)
        self._check(name, said.abs().max().item())
        return answered(self.material.recipe, said)

    def _metrics(self, part: Part, predicted: np.ndarray) -> dict[str, float]:
        """As every model is measured: rows count alike, whatever their classes weigh while learning."""
        if self.parts.task == "regression":
            return score.regression(part.y, predicted)
        return score.classification(part.y, predicted, self.parts.classes)

    def _more_metrics(self, part: Part, predicted: np.ndarray) -> dict[str, float]:
        if self.parts.task == "regression":
            return score.regression_more(part.y, predicted)
        return score.classification_more(part.y, predicted, self.parts.classes)

    def _check(self, name: str, value: float) -> None:
        if not math.isfinite(value):
            became = "NaN" if math.isnan(value) else "infinite"
            said = f"train.learning_rate: {name} became {became} at epoch {self.learning.epoch + 1}"
            raise UsageError(said, hint=f"lower learning_rate ({self.params.learning_rate:g})")

    def _rows_done(self) -> int:
        return self.learning.epoch * len(self.material.train) + self.learning.tally.rows

    def _over(self) -> bool:
        return self.learning.epoch >= self.params.epochs or self.learning.exhausted
