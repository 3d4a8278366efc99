"""A network that has learned: what can be asked of it, and its file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from paceline.tasks.train.neural_network import tensor_file
from paceline.tasks.train.neural_network.recipe import Recipe, build
from paceline.tasks.train.neural_network.samples import chunks, inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Weights, and what they are the weights of."""

    recipe: Recipe
    layers: nn.Sequential
    format: str = "safetensors"

    def predict(self, x: np.ndarray) -> np.ndarray:
        """For a prepared matrix (rows, columns): probabilities (rows, classes), or values (rows,)."""
        return answered(self.recipe, outputs(self.layers, inputs(self.recipe, x)))

    def save(self, file: Path) -> None:
        """Weights and recipe, in one file."""
        tensor_file.write(file, self.layers.state_dict(), self.recipe)


def load(file: Path, card: Mapping[str, object]) -> Network:
    """The network in a file that ``save`` made. Raises UsageError for any other file."""
    weights, recipe = tensor_file.read(file, Recipe)
    layers = build(recipe)
    layers.load_state_dict(weights)
    return Network(recipe=recipe, layers=layers)


def outputs(layers: nn.Sequential, x: torch.Tensor) -> torch.Tensor:
    """What the network says (rows, outputs), as it does when it is not learning."""
    layers.eval()
    with torch.inference_mode():
        return torch.cat([layers(some) for some in chunks(x)])


def answered(recipe: Recipe, said: torch.Tensor) -> np.ndarray:
    """Its outputs, as people want them: probabilities (rows, classes), or values (rows,) in the target's own units."""
    numbers = said.double().cpu()
    if recipe.task == "classification":
        probabilities: np.ndarray = numbers.softmax(dim=1).numpy()
        return probabilities
    return np.asarray(numbers[:, 0].numpy() * recipe.target.deviation + recipe.target.mean)
