"""A network that is learning: its weights, what corrects them, and how far it is.

This is the part of a training that changes. ``state`` puts all of it down, so nothing of it may live elsewhere.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.optim import lr_scheduler

from paceline.tasks.train.class_weight import class_weights
from paceline.tasks.train.neural_network.recipe import Recipe, build
from paceline.tasks.train.neural_network.tally import Tally
from paceline.tasks.train.params import NeuralNetworkParams
from paceline.tasks.train.split import Parts


@dataclass(slots=True, kw_only=True)
class Learning:
    """``batch`` and ``tally`` are of the epoch under way; ``best``: weights of the epoch with the least val_loss."""

    device: torch.device
    layers: nn.Sequential
    criterion: nn.Module
    optimizer: torch.optim.Optimizer
    schedule: lr_scheduler.LRScheduler
    patience: int
    tally: Tally
    epoch: int = 0  # that are over
    batch: int = 0
    val_losses: list[float] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)  # empty where there is no patience

    def learn(self, x: torch.Tensor, y: torch.Tensor) -> None:
        """One correction of the weights."""
        self.optimizer.zero_grad()
        said = self.layers(x)
        loss = self.criterion(said, y)
        loss.backward()
        self.optimizer.step()
        self.tally.add(loss.detach(), said.detach(), y)
        self.batch += 1

    def end_epoch(self, val_loss: float) -> None:
        """The rows are through; so good it is now."""
        self.schedule.step()
        self.epoch, self.batch = self.epoch + 1, 0
        self.tally.clear()
        if self.patience and val_loss < min(self.val_losses, default=math.inf):
            self.best = {name: tensor.clone() for name, tensor in self.layers.state_dict().items()}
        self.val_losses.append(val_loss)

    @property
    def exhausted(self) -> bool:
        """Whether it got no better for too long."""
        return bool(self.patience) and len(self.val_losses) - self._best_epoch > self.patience

    def restore_best(self) -> None:
        """Go back to the epoch with the least val_loss, where there is patience."""
        if self.best:
            self.layers.load_state_dict(self.best)

    @property
    def _best_epoch(self) -> int:
        """From 0."""
        return int(np.argmin(self.val_losses)) if self.val_losses else 0


def begin(params: NeuralNetworkParams, recipe: Recipe, parts: Parts, device: torch.device) -> Learning:
    """Fresh weights, from torch's generator as it stands."""
    layers = build(recipe).to(device)
    optimizer = _optimizer(params, layers)
    return Learning(
        device=device,
        layers=layers,
        criterion=_criterion(params, parts).to(device),
        optimizer=optimizer,
        schedule=_schedule(params, optimizer),
        patience=params.patience,
        tally=Tally(recipe, device),
    )


def _criterion(params: NeuralNetworkParams, parts: Parts) -> nn.Module:
    if parts.task == "regression":
        return nn.MSELoss()
    if params.class_weight == "none":
        return nn.CrossEntropyLoss()
    weights = class_weights(params, parts.train.y)
    return nn.CrossEntropyLoss(weight=torch.tensor([weights.get(name, 1.0) for name in parts.classes.tolist()]))


def _optimizer(params: NeuralNetworkParams, layers: nn.Sequential) -> torch.optim.Optimizer:
    common = {"lr": params.learning_rate, "weight_decay": params.weight_decay}
    if params.optimizer == "sgd":
        return torch.optim.SGD(layers.parameters(), momentum=params.momentum, **common)
    kind = torch.optim.AdamW if params.optimizer == "adamw" else torch.optim.Adam
    return kind(layers.parameters(), **common)


def _schedule(params: NeuralNetworkParams, optimizer: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
    if params.schedule == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=params.epochs)
    return lr_scheduler.ConstantLR(optimizer, factor=1.0)
