"""From a file to a network, and from the folder it is kept in to what it says of other files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from paceline.model.errors import UsageError
from paceline.tasks.train import folder
from paceline.tasks.train.card import card
from paceline.tasks.train.neural_network.network import Network
from paceline.tasks.train.neural_network.trainer import train as learn
from paceline.tasks.train.params import NeuralNetworkParams
from paceline.tasks.train.predict import predict
from paceline.tasks.train.run import train
from paceline.tasks.train.split import prepare
from tests.tasks.train.session import DirectorySession


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(params: NeuralNetworkParams) -> dict[str, Any]:
    return train(params, DirectorySession(Path("checkpoints")), label="x")


def kept(result: dict[str, Any]) -> Path:
    return Path(result["folder"]["path"])


def test_words_times_and_holes_are_prepared_the_same_before_and_after() -> None:
    rows = ((i, ("red", "blue", "")[i % 3], f"2026-0{1 + i % 9}-1{i % 7}", i * 2.5 + i % 3) for i in range(60))
    Path("t.csv").write_text(
        "size,colour,day,price\n" + "".join(f"{i if i % 9 else ''},{c},{d},{p}\n" for i, c, d, p in rows)
    )
    params = NeuralNetworkParams(
        data="t.csv", target="price", device="cpu", epochs=30, batch_size=16, learning_rate=0.01
    )
    parts = prepare(params)
    trained = learn(params, parts, DirectorySession(Path("checkpoints")))
    assert trained.metrics["val_r2"] > 0.8

    saved = folder.save(trained, card(params, parts, trained), Path.cwd(), "x").path
    loaded = folder.load(saved)
    assert {"torch", "safetensors"} < set(loaded.card["versions"])  # type: ignore[call-overload]
    np.testing.assert_array_equal(loaded.trained.predict(parts.validation.x), trained.predict(parts.validation.x))
    Path("new.csv").write_text("colour,size,day\ngreen,20,2026-03-03\n,,\n")
    assert all(np.isfinite(predict(saved, Path("new.csv"))["prediction"].to_numpy()))


def digits(file: str, shape: tuple[int, ...] = (8, 8)) -> np.ndarray:
    x, y = load_digits(return_X_y=True)
    np.savez(file, X=x[:600].reshape(-1, *shape).astype(np.uint8), y=y[:600])
    labels: np.ndarray = y[:600]
    return labels


def test_arrays_of_images_reach_the_convolutions_and_are_named() -> None:
    y = digits("learn.npz")
    settings: dict[str, Any] = {"channels": (16,), "learning_rate": 5e-3, "epochs": 6, "batch_size": 32}
    result = run(NeuralNetworkParams(data="learn.npz", device="cpu", **settings))
    about = folder.load(kept(result)).card
    assert (about["shape"], about["format"]) == ([8, 8], "safetensors")
    np.savez("ask.npz", X=np.load("learn.npz")["X"][:300])
    assert np.mean(predict(kept(result), Path("ask.npz"))["prediction"].to_numpy() == y[:300]) > 0.9


def test_images_of_another_shape_are_other_images() -> None:
    digits("learn.npz")
    digits("wide.npz", (4, 16))
    path = kept(run(NeuralNetworkParams(data="learn.npz", device="cpu", epochs=1)))
    with pytest.raises(UsageError, match=r"'wide.npz' holds images of shape \(4, 16\), not \(8, 8\) as was learned"):
        predict(path, Path("wide.npz"))
    with pytest.raises(UsageError, match=r"train.validation_data: 'wide.npz' holds images of shape \(4, 16\), not"):
        run(NeuralNetworkParams(data="learn.npz", validation_data="wide.npz"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_network_that_learned_on_a_gpu_answers_without_one() -> None:
    digits("learn.npz")
    session = DirectorySession(Path("checkpoints"))
    settings: dict[str, Any] = {"dropout": 0.1, "epochs": 5, "patience": 3, "checkpoint_seconds": 1e-3}
    result: Any = train(NeuralNetworkParams(data="learn.npz", device="cuda", **settings), session, label="x")
    assert min(session.of("gpu_memory_bytes")) > 0
    assert result["metrics"]["val_accuracy"] > 0.5
    network = folder.load(kept(result)).trained.model
    assert isinstance(network, Network)
    assert not any(weight.is_cuda for weight in network.layers.parameters())
