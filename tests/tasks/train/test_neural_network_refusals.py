"""What cannot be learned by a network, and how it is said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from paceline import kinds
from paceline.model.errors import UsageError
from paceline.tasks.train.columns import Column
from paceline.tasks.train.neural_network.device import sparing
from paceline.tasks.train.neural_network.network import load
from paceline.tasks.train.neural_network.trainer import train
from paceline.tasks.train.params import NeuralNetworkParams
from paceline.tasks.train.split import Part, Parts
from tests.tasks.train.samples import parts
from tests.tasks.train.session import DirectorySession


def parse(**params: Any) -> Any:
    return kinds.parse("train", json.dumps({"data": "a.csv", "model": "neural_network"} | params).encode())


def refused(of: Parts, **params: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        train(NeuralNetworkParams(data="x", **params), of, DirectorySession(Path("checkpoints")))
    return caught.value


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"learning_rate": 0}, "train.learning_rate: 0: expected `float` > 0"),
        ({"learning_rate": 11}, "train.learning_rate: 11: expected `float` <= 10"),
        ({"dropout": 1}, "train.dropout: 1: expected `float` < 1"),
        ({"epochs": 0}, "train.epochs: 0: expected `int` >= 1"),
        ({"batch_size": 0}, "train.batch_size: 0: expected `int` >= 1"),
        ({"hidden": [64, 0]}, r"train.hidden\[1\]: 0: expected `int` >= 1"),
        ({"hidden": 64}, "train.hidden: 64: expected `array`, got `int`"),
        ({"patience": -1}, "train.patience: -1: expected `int` >= 0"),
        ({"network": "rnn"}, "train.network: 'rnn': not one of its words"),
        ({"optimizer": "lion"}, "train.optimizer: 'lion': not one of its words"),
        ({"trees": 9}, "train.trees: this is a parameter of random_forest, not of neural_network"),
        ({"epoch": 9}, "train.epoch: there is no such parameter"),
    ],
)
def test_a_parameter_that_cannot_be(params: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(**params)


def test_a_table_is_not_convolved() -> None:
    error = refused(parts("wine"), network="cnn")
    assert error.message == "train.network: cnn looks at images, but data is a table, or not all of its pixels"
    assert "X of shape (rows, height, width)" in error.hint


def shaped(shape: tuple[int, ...]) -> Parts:
    part = Part(x=np.zeros((4, int(np.prod(shape)))), y=np.arange(4) % 2)
    columns = tuple(Column(name=f"x{i}") for i in range(part.x.shape[1]))
    return Parts(task="classification", target="y", columns=columns, train=part, validation=part, shape=shape)


def test_more_dimensions_than_an_image_has_are_not_convolved() -> None:
    error = refused(shaped((2, 3, 4, 5)), network="cnn")
    assert error.message == "train.network: cnn looks at images, but one row of data has the shape (2, 3, 4, 5)"


def test_channels_come_last() -> None:
    error = refused(shaped((3, 8, 8)))
    assert error.message == (
        "train.data: images of shape (3, 8, 8) seem to have their channels first; "
        "they are read as (height, width, channels)"
    )
    assert error.hint == "np.moveaxis(X, 1, -1), or network: mlp"


@pytest.mark.parametrize("task", ["wine", "diabetes"])
def test_a_loss_that_is_no_number_ends_the_training(task: str) -> None:
    error = refused(parts(task), optimizer="sgd", learning_rate=10, epochs=60, weight_decay=10.0)
    assert error.message.startswith("train.learning_rate: ")
    assert " became NaN at epoch " in error.message or " became infinite at epoch " in error.message
    assert error.hint == "lower learning_rate (10)"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there() -> None:
    error = refused(parts("wine"), device="cuda")
    assert error.message == "train.device: there is no GPU here"


def test_memory_that_ran_out_is_said_with_its_peak() -> None:
    params = NeuralNetworkParams(data="x.csv", batch_size=4096)
    message = r"train.batch_size: out of memory with batches of 4096 rows; the peak was [\d,]+ MiB"
    with pytest.raises(UsageError, match=message), sparing(params, torch.device("cpu")):
        torch.empty(1 << 60)
    with pytest.raises(UsageError, match=message), sparing(params, torch.device("cpu")):
        np.empty(1 << 56, dtype=np.uint8)


def test_other_mistakes_are_not_taken_for_it() -> None:
    params = NeuralNetworkParams(data="x.csv")
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), sparing(params, torch.device("cpu")):
        torch.zeros(2, 3) @ torch.zeros(2, 3)


def test_a_file_of_something_else_is_no_network(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(UsageError, match=r"model.safetensors' is not a file of Paceline's tensors"):
        load(file, {})
