"""All that is needed to build a network again, but for its weights. It is kept in the weights' file."""

from typing import Literal, TypeAlias

import msgspec
from torch import nn

from paceline.model.errors import UsageError
from paceline.tasks.train.params import NeuralNetworkParams
from paceline.tasks.train.target import Task

Activation: TypeAlias = Literal["relu", "gelu", "silu", "tanh"]

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh}


class Scale(msgspec.Struct, kw_only=True, frozen=True):
    """What is subtracted, and what is divided by: one number each, or one per channel."""

    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)


class Recipe(msgspec.Struct, kw_only=True, frozen=True):
    """One network."""

    task: Task
    outputs: int  # classes; 1 for a regression
    shape: tuple[int, ...]  # of one row: (features,) for a perceptron, (height, width, channels) for images
    hidden: tuple[int, ...]
    channels: tuple[int, ...] = ()
    activation: Activation
    dropout: float
    pixels: Scale = Scale()  # of images: fitted on those to learn from
    target: Scale = Scale()  # of a regression: it learns a target of mean 0 and variance 1


def build(recipe: Recipe) -> nn.Sequential:
    """The network with fresh weights: from rows (rows, features) or (rows, channels, height, width) to (rows, outputs).

    Outputs are logits, or the scaled target.
    """
    layers: list[nn.Module] = []
    width = recipe.shape[0]
    if len(recipe.shape) == 3:
        width = _convolve(recipe, layers)
    for neurons in recipe.hidden:
        layers += [nn.Linear(width, neurons), ACTIVATIONS[recipe.activation]()]
        layers += [nn.Dropout(recipe.dropout)] if recipe.dropout else []
        width = neurons
    return nn.Sequential(*layers, nn.Linear(width, recipe.outputs))


def _convolve(recipe: Recipe, layers: list[nn.Module]) -> int:
    """Append the convolutions; how many numbers they leave of an image. A side of one pixel is not halved."""
    height, width, depth = recipe.shape
    for channels in recipe.channels:
        halves = min(2, height), min(2, width)
        layers += [nn.Conv2d(depth, channels, kernel_size=3, padding=1), ACTIVATIONS[recipe.activation]()]
        layers += [nn.MaxPool2d(halves)]
        height, width, depth = height // halves[0], width // halves[1], channels
    layers.append(nn.Flatten())
    return height * width * depth


def image_shape(params: NeuralNetworkParams, shape: tuple[int, ...]) -> tuple[int, ...]:
    """(height, width, channels) where images are to be looked at as such, else empty.

    ``shape`` is that of one row in the data: (height, width), (height, width, channels), or empty for a table. Raises
    UsageError for a convolution of what is no image.
    """
    if params.network == "mlp" or (params.network == "auto" and len(shape) not in (2, 3)):
        return ()
    if len(shape) not in (2, 3):
        found = f"one row of data has the shape {shape}" if shape else "data is a table, or not all of its pixels"
        hint = "an NPZ file with X of shape (rows, height, width) or (rows, height, width, channels); or network: mlp"
        raise UsageError(f"train.network: cnn looks at images, but {found}", hint=hint)
    if len(shape) == 3 and shape[0] in (1, 3, 4) and shape[2] > 4:
        said = f"images of shape {shape} seem to have their channels first; they are read as (height, width, channels)"
        raise UsageError(f"train.data: {said}", hint="np.moveaxis(X, 1, -1), or network: mlp")
    return (*shape, 1)[:3]
