"""Rows as tensors: what a network is shown, and what it ought to answer."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from paceline.tasks.train.neural_network.recipe import Recipe, Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """On the device that learns."""

    x: torch.Tensor  # float32: (rows, features), or (rows, channels, height, width)
    y: torch.Tensor  # int64: classes by position (rows,); or float32: the scaled target (rows, 1)

    def __len__(self) -> int:
        return len(self.y)


def inputs(recipe: Recipe, x: np.ndarray) -> torch.Tensor:
    """A prepared matrix (rows, columns), as the network takes it. A missing pixel is one of mean brightness."""
    if len(recipe.shape) == 1:
        return torch.from_numpy(x.astype(np.float32))
    images = (x.reshape(-1, *recipe.shape) - recipe.pixels.mean) / recipe.pixels.deviation
    return torch.from_numpy(np.nan_to_num(images).astype(np.float32)).permute(0, 3, 1, 2).contiguous()


def answers(recipe: Recipe, y: np.ndarray, classes: np.ndarray) -> torch.Tensor:
    """Labels or values (rows,), as the loss takes them."""
    if recipe.task == "classification":
        return torch.from_numpy(np.searchsorted(classes, y))
    scaled = (y - recipe.target.mean) / recipe.target.deviation
    return torch.from_numpy(scaled.astype(np.float32))[:, None]


def scale(values: np.ndarray) -> Scale:
    """Over all axes but the last, missing ones left out. What never varies is not divided."""
    axes = tuple(range(values.ndim - 1))
    mean, deviation = np.nanmean(values, axis=axes), np.nanstd(values, axis=axes)
    return Scale(mean=tuple(mean.tolist()), deviation=tuple(np.where(deviation > 0, deviation, 1.0).tolist()))


def batches(rows: int, *, size: int, seed: int) -> tuple[torch.Tensor, ...]:
    """The rows of one epoch in the order that follows from the seed, ``size`` at a time."""
    order = torch.randperm(rows, generator=torch.Generator().manual_seed(seed))
    return order.split(size)


def chunks(x: torch.Tensor) -> Iterator[torch.Tensor]:
    """A part at a time, for looking only: small enough that what the layers make of it fits beside it."""
    yield from x.split(max(1, (1 << 20) // max(1, x[0].numel())))
