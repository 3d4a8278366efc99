"""Rows as tensors: what a network is shown, and what it ought to answer."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import StandardScaler

from paceline.tasks.train.neural_network.recipe import Recipe, Scale, image_shape
from paceline.tasks.train.params import NeuralNetworkParams
from paceline.tasks.train.preprocess import as_they_are, preprocessing, scaled
from paceline.tasks.train.split import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """On the device that learns."""

    x: torch.Tensor  # float32: (rows, features), or (rows, channels, height, width)
    y: torch.Tensor  # int64: positions among the classes (rows,); or float32: the scaled target (rows, 1)

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A network yet to be built, and what it is to learn from and to be measured on."""

    prepare: ColumnTransformer
    recipe: Recipe
    train: Samples
    validation: Samples


def material(params: NeuralNetworkParams, parts: Parts, device: torch.device) -> Material:
    """Everything fitted is fitted on the rows to learn from. Raises UsageError for images that are none."""
    numbers = all(column.type == "number" for column in parts.columns)
    image = image_shape(params, parts.shape if numbers else ())
    prepare = preprocessing(parts.columns, as_they_are if image else scaled)
    x = prepare.fit_transform(parts.train.x)
    recipe = _recipe(params, parts, x, image)

    def samples(x: np.ndarray, y: np.ndarray) -> Samples:
        return Samples(x=inputs(recipe, x).to(device), y=answers(recipe, y, parts.classes).to(device))

    held = prepare.transform(parts.validation.x)
    return Material(
        prepare=prepare,
        recipe=recipe,
        train=samples(x, parts.train.y),
        validation=samples(held, parts.validation.y),
    )


def _recipe(params: NeuralNetworkParams, parts: Parts, x: np.ndarray, image: tuple[int, ...]) -> Recipe:
    classifies = parts.task == "classification"
    return Recipe(
        task=parts.task,
        outputs=len(parts.classes) if classifies else 1,
        shape=image or x.shape[1:],
        hidden=params.hidden,
        channels=params.channels if image else (),
        activation=params.activation,
        dropout=params.dropout,
        pixels=scale(x.reshape(-1, image[-1])) if image else Scale(),
        target=Scale() if classifies else scale(parts.train.y[:, None]),
    )


def scale(values: np.ndarray) -> Scale:
    """Of each column (rows, columns), missing values left out. What never varies is divided by 1."""
    fitted = StandardScaler().fit(values)
    return Scale(mean=tuple(fitted.mean_.tolist()), deviation=tuple(fitted.scale_.tolist()))


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
    scaled_target = (y - recipe.target.mean) / recipe.target.deviation
    return torch.from_numpy(scaled_target.astype(np.float32))[:, None]


def batches(samples: Samples, *, size: int, seed: int) -> tuple[torch.Tensor, ...]:
    """Positions of the rows of one epoch, in the order that follows from the seed, ``size`` at a time."""
    order = torch.randperm(len(samples), generator=torch.Generator().manual_seed(seed))
    return tuple(order.to(samples.y.device).split(size))


def chunks(x: torch.Tensor) -> Iterator[torch.Tensor]:
    """A part at a time, for looking only: small enough that what the layers make of it fits beside it."""
    yield from x.split(max(1, (1 << 20) // max(1, x[0].numel())))
