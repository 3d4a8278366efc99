"""A network: the same one as a plain torch script's, measured as scikit-learn measures, reported while it learns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, mean_squared_error, r2_score, recall_score
from sklearn.preprocessing import StandardScaler
from torch import nn

from paceline.tasks.train.columns import Column
from paceline.tasks.train.neural_network.network import Network, load
from paceline.tasks.train.neural_network.trainer import train
from paceline.tasks.train.params import NeuralNetworkParams
from paceline.tasks.train.split import Part, Parts
from paceline.tasks.train.trained import Trained
from tests.tasks.train.samples import parts
from tests.tasks.train.session import DirectorySession


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As many as a task gets that asks for no more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def learned(of: Parts, **params: Any) -> tuple[Trained, DirectorySession]:
    session = DirectorySession(Path("checkpoints"))
    return train(NeuralNetworkParams(data="x.csv", device="cpu", **params), of, session), session


def network(trained: Trained) -> Network:
    assert isinstance(trained.model, Network)
    return trained.model


def assert_same_weights(layers: nn.Module, plain: nn.Module) -> None:
    mine, theirs = layers.state_dict(), plain.state_dict()
    assert mine.keys() == theirs.keys()
    for name, tensor in mine.items():
        assert torch.equal(tensor, theirs[name]), name


def order(rows: int, seed: int, size: int) -> Iterator[torch.Tensor]:
    yield from torch.randperm(rows, generator=torch.Generator().manual_seed(seed)).split(size)


def test_a_perceptron_is_that_of_a_plain_torch_script() -> None:
    trained, _ = learned(
        parts("breast_cancer"),
        seed=3,
        epochs=4,
        batch_size=50,
        hidden=(32, 16),
        dropout=0.2,
        optimizer="adamw",
        learning_rate=0.01,
        weight_decay=0.1,
        schedule="cosine",
        class_weight="balanced",
    )

    part = parts("breast_cancer").train
    x = torch.tensor(StandardScaler().fit_transform(part.x), dtype=torch.float32)
    y = torch.tensor(part.y)
    torch.manual_seed(3)
    plain = nn.Sequential(
        nn.Linear(30, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2)
    )
    optimizer = torch.optim.AdamW(plain.parameters(), lr=0.01, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    criterion = nn.CrossEntropyLoss(weight=torch.tensor([len(y) / 2 / (y == label).sum() for label in (0, 1)]))
    for epoch in range(4):
        for rows in order(len(y), 3 + epoch, 50):
            optimizer.zero_grad()
            criterion(plain(x[rows]), y[rows]).backward()
            optimizer.step()
        schedule.step()
    assert_same_weights(network(trained).layers, plain)


def test_a_regression_is_that_of_a_plain_torch_script() -> None:
    trained, _ = learned(parts("diabetes"), epochs=3, hidden=(8,), activation="tanh", optimizer="sgd", momentum=0.5)

    part = parts("diabetes").train
    x = torch.tensor(StandardScaler().fit_transform(part.x), dtype=torch.float32)
    y = torch.tensor(StandardScaler().fit_transform(part.y[:, None]), dtype=torch.float32)
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(10, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(plain.parameters(), lr=1e-3, momentum=0.5)
    for epoch in range(3):
        for rows in order(len(y), epoch, 64):
            optimizer.zero_grad()
            nn.functional.mse_loss(plain(x[rows]), y[rows]).backward()
            optimizer.step()
    assert_same_weights(network(trained).layers, plain)


def test_a_convolution_is_that_of_a_plain_torch_script() -> None:
    trained, _ = learned(parts("digits"), epochs=1, channels=(4, 8), hidden=(16,))

    part = parts("digits").train
    pixels = StandardScaler().fit_transform(part.x.reshape(-1, 1))
    x = torch.tensor(pixels, dtype=torch.float32).reshape(-1, 1, 8, 8)
    y = torch.tensor(part.y)
    torch.manual_seed(0)
    plain = nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(8 * 2 * 2, 16), nn.ReLU(), nn.Linear(16, 10)),
    )
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-3)
    for rows in order(len(y), 0, 64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(plain(x[rows]), y[rows]).backward()
        optimizer.step()
    assert_same_weights(network(trained).layers, plain)


def test_images_are_looked_at_as_images() -> None:
    settings = {"learning_rate": 3e-3, "schedule": "cosine", "batch_size": 32, "channels": (32,), "hidden": (128,)}
    trained, _ = learned(parts("digits"), epochs=8, **settings)
    assert network(trained).recipe.shape == (8, 8, 1)
    assert trained.metrics["val_accuracy"] >= 0.97
    assert trained.classes == tuple(range(10))


def test_the_same_images_can_be_a_table() -> None:
    trained, _ = learned(parts("digits"), epochs=1, network="mlp")
    assert network(trained).recipe.shape == (64,)


def test_classification_is_measured_as_scikit_learn_does() -> None:
    trained, _ = learned(parts("breast_cancer"), epochs=8)
    of = parts("breast_cancer")
    probabilities = trained.predict(of.validation.x)
    predicted = probabilities.argmax(axis=1)
    assert trained.metrics["val_accuracy"] == accuracy_score(of.validation.y, predicted) > 0.93
    assert trained.metrics["val_f1"] == f1_score(of.validation.y, predicted, average="macro")
    assert trained.metrics["accuracy"] == accuracy_score(of.train.y, trained.predict(of.train.x).argmax(axis=1))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_a_regression_is_measured_in_the_units_of_its_target() -> None:
    trained, session = learned(parts("diabetes"), epochs=20, weight_decay=0.01)
    y, predicted = parts("diabetes").validation.y, trained.predict(parts("diabetes").validation.x)
    assert trained.metrics["val_r2"] == r2_score(y, predicted) > 0.3
    assert trained.metrics["val_loss"] == session.reports[-1]["val_loss"] == mean_squared_error(y, predicted)
    assert trained.metrics["val_rmse"] == np.sqrt(mean_squared_error(y, predicted))
    assert trained.metrics["val_mae"] == mean_absolute_error(y, predicted)
    assert session.reports[-1]["r2"] == pytest.approx(trained.metrics["r2"], abs=0.1)
    assert session.reports[-1]["loss"] == pytest.approx(trained.metrics["loss"], rel=0.2)
    assert trained.classes == ()


def test_every_epoch_is_reported() -> None:
    trained, session = learned(parts("wine"), epochs=4)
    assert session.of("step") == session.of("epoch") == [1, 2, 3, 4]
    assert session.of("progress") == [0.25, 0.5, 0.75, 1.0]
    assert session.reports[-1]["eta"] == 0
    assert session.reports[-1]["val_accuracy"] == trained.metrics["val_accuracy"]
    assert all(speed > 0 for speed in session.of("samples_per_second"))
    assert set(session.reports[0]) == {
        *("step", "epoch", "progress", "eta", "samples_per_second", "cpu_percent", "rss_bytes"),
        *("loss", "accuracy", "val_loss", "val_accuracy"),
    }


def test_it_stops_when_it_gets_no_better_and_goes_back_to_where_it_was_best() -> None:
    trained, session = learned(parts("diabetes"), epochs=300, patience=3, learning_rate=0.01)
    losses = session.of("val_loss")
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 3 < 300
    assert trained.metrics["val_loss"] == losses[best] < losses[-1]
    assert session.of("progress")[-1] == 1.0
    assert session.of("eta")[-1] == 0.0


def test_without_patience_the_last_epoch_stays() -> None:
    trained, session = learned(parts("diabetes"), epochs=30, learning_rate=0.01)
    assert trained.metrics["val_loss"] == session.of("val_loss")[-1] > min(session.of("val_loss"))


def rare(rows: int) -> Parts:
    """One row in fifteen is of the class ``rare``, and not easily told."""
    draw = np.random.default_rng(0)
    y = np.where(draw.random(rows) < 1 / 15, "rare", "usual")
    x = draw.normal(size=(rows, 2)) + (y == "rare")[:, None]
    part = Part(x=x, y=y)
    return Parts(
        task="classification", target="y", columns=(Column(name="a"), Column(name="b")), train=part, validation=part
    )


def test_class_weights_make_a_rare_class_count() -> None:
    def recall(**params: Any) -> float:
        of = rare(600)
        trained, _ = learned(of, epochs=10, **params)
        predicted = np.array(trained.classes)[trained.predict(of.validation.x).argmax(axis=1)]
        return float(recall_score(of.validation.y, predicted, pos_label="rare"))

    assert recall() < 0.3
    assert recall(class_weight="balanced") > 0.6
    assert recall(class_weight={"rare": 20.0}) > 0.6


@pytest.mark.parametrize("of", ["digits", "breast_cancer", "diabetes"])
def test_what_was_kept_says_the_same(of: str, tmp_path: Path) -> None:
    trained, _ = learned(parts(of), epochs=1, dropout=0.5)
    trained.model.save(tmp_path / "model.safetensors")
    x = trained.prepare.transform(parts(of).validation.x)
    kept = load(tmp_path / "model.safetensors", {})
    assert kept.recipe == network(trained).recipe
    np.testing.assert_array_equal(kept.predict(x), trained.model.predict(x))


def colours(shape: tuple[int, ...]) -> Parts:
    """Images that are bright in one channel, or in the other."""
    draw = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = draw.integers(0, 100, (60, *shape)).astype(float)
    x[y == 1, ..., -1] += 100
    part = Part(x=x.reshape(60, -1), y=y)
    columns = tuple(Column(name=f"x{i}") for i in range(part.x.shape[1]))
    return Parts(task="classification", target="y", columns=columns, train=part, validation=part, shape=shape)


@pytest.mark.parametrize("shape", [(6, 5, 3), (1, 9, 2), (7, 7), (2, 1)])
def test_images_of_any_size_and_depth_can_be_learned(shape: tuple[int, ...]) -> None:
    trained, _ = learned(colours(shape), epochs=15, learning_rate=0.01, channels=(8, 8), hidden=())
    assert network(trained).recipe.shape == (*shape, 1)[:3]
    assert trained.metrics["accuracy"] > 0.9


def test_a_missing_pixel_is_one_of_mean_brightness() -> None:
    trained, _ = learned(colours((4, 4)), epochs=1)
    image = np.full((1, 16), network(trained).recipe.pixels.mean[0])
    holes = image.copy()
    holes[0, 5] = np.nan
    np.testing.assert_array_equal(trained.predict(holes), trained.predict(image))


def test_a_training_leaves_torch_as_it_was() -> None:
    torch.manual_seed(11)
    expected = torch.rand(2)
    torch.manual_seed(11)
    threads = torch.get_num_threads()
    learned(parts("wine"), epochs=1, dropout=0.5)
    assert torch.equal(torch.rand(2), expected)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
