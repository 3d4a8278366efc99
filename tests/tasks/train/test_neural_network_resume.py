"""A network whose training was cut off anywhere, and taken up by another attempt, is bit for bit the same network."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from paceline.model.errors import UsageError
from paceline.tasks.train.neural_network.network import Network
from paceline.tasks.train.neural_network.trainer import learned
from paceline.tasks.train.params import NeuralNetworkParams
from paceline.tasks.train.trained import Trained
from paceline.testing import FakeClock
from tests.tasks.train.samples import parts
from tests.tasks.train.session import DirectorySession

PARAMS = NeuralNetworkParams(
    data="x.csv",
    device="cpu",
    seed=2,
    epochs=6,
    batch_size=32,
    hidden=(16,),
    dropout=0.3,
    learning_rate=0.01,
    schedule="cosine",
    patience=4,
    checkpoint_seconds=1e-3,
)
"""Five batches an epoch: whatever can change between two of them changes."""


class Killed(BaseException):
    """There is no time to say anything."""


class Hurried(FakeClock):
    """Every look at it takes a while, so that there is much to be said in each epoch."""

    def steady(self) -> float:
        self.advance(0.3)
        return super().steady()


class Mortal(DirectorySession):
    """Dies with its ``last`` report."""

    last = math.inf

    def report(self, *, step: int = -1, **values: Any) -> None:
        super().report(step=step, **values)
        if len(self.reports) >= self.last:
            raise Killed


def weights(trained: Trained) -> dict[str, torch.Tensor]:
    assert isinstance(trained.model, Network)
    found: dict[str, torch.Tensor] = trained.model.layers.state_dict()
    return found


def attempt(session: DirectorySession, params: NeuralNetworkParams = PARAMS) -> Trained:
    return learned(params, parts("wine"), session, Hurried())


def assert_same(trained: Trained, other: Trained) -> None:
    assert trained.metrics == other.metrics
    assert all(torch.equal(tensor, weights(other)[name]) for name, tensor in weights(trained).items())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, list[dict[str, Any]]]:
    """What comes of it undisturbed, and what it said."""
    session = DirectorySession(tmp_path_factory.mktemp("whole"), stops=lambda reports: False)
    return attempt(session), session.reports


def test_there_is_much_to_be_cut_off(whole: tuple[Trained, list[dict[str, Any]]]) -> None:
    epochs = [report["epoch"] for report in whole[1]]
    assert epochs == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert all("loss" in report and "progress" in report for report in whole[1])
    progress = [report["progress"] for report in whole[1]]
    assert progress == sorted(progress)
    assert ["val_loss" in report for report in whole[1][:4]] == [False, True, False, True]


@pytest.mark.parametrize("reports", [1, 2, 3, 6, 11])
def test_asked_to_end_it_leaves_a_checkpoint_and_goes_on_from_it(
    reports: int, whole: tuple[Trained, list[dict[str, Any]]], tmp_path: Path
) -> None:
    first = DirectorySession(tmp_path / "kept", stops=lambda said: len(said) >= reports)
    with pytest.raises(SystemExit, match="75"):
        attempt(first)
    second = DirectorySession(tmp_path / "kept")
    assert_same(attempt(second), whole[0])
    assert second.reports[0]["progress"] > first.reports[-1]["progress"]
    assert second.reports[-1]["val_loss"] == whole[1][-1]["val_loss"]


@pytest.mark.parametrize("last", [2, 5, 11])
def test_killed_at_any_moment_it_goes_on_from_what_was_kept(
    last: int, whole: tuple[Trained, list[dict[str, Any]]], tmp_path: Path
) -> None:
    first = Mortal(tmp_path / "kept")
    first.last = last
    with pytest.raises(Killed):
        attempt(first)
    assert_same(attempt(DirectorySession(tmp_path / "kept")), whole[0])


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_every_optimizer_goes_on_as_it_was(optimizer: str, tmp_path: Path) -> None:
    params = NeuralNetworkParams(data="x.csv", device="cpu", epochs=3, optimizer=optimizer, weight_decay=0.1)  # type: ignore[arg-type]
    with pytest.raises(SystemExit):
        attempt(DirectorySession(tmp_path / "kept", stops=lambda said: len(said) >= 2), params)
    assert_same(
        attempt(DirectorySession(tmp_path / "kept"), params), attempt(DirectorySession(tmp_path / "none"), params)
    )


def test_what_patience_has_seen_is_not_forgotten(tmp_path: Path) -> None:
    params = NeuralNetworkParams(data="x.csv", device="cpu", epochs=100, patience=2, learning_rate=0.05)
    alone = DirectorySession(tmp_path / "none")
    undisturbed = attempt(alone, params)
    ends = sum("val_loss" in report for report in alone.reports)
    assert ends < 100
    said = len(alone.reports) - 2  # by then it has already been better
    with pytest.raises(SystemExit):
        attempt(DirectorySession(tmp_path / "kept", stops=lambda reports: len(reports) >= said), params)
    second = DirectorySession(tmp_path / "kept")
    assert_same(attempt(second, params), undisturbed)
    assert second.reports[-1]["epoch"] == ends


def test_a_checkpoint_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        attempt(DirectorySession(tmp_path / "kept", stops=lambda said: True))
    (file,) = (tmp_path / "kept").rglob("learning.safetensors")
    file.write_bytes(b"scribble")
    with pytest.raises(UsageError, match=r"learning.safetensors' is not a file of Paceline's tensors"):
        attempt(DirectorySession(tmp_path / "kept"))


def test_another_network_does_not_go_on_from_it(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        attempt(DirectorySession(tmp_path / "kept", stops=lambda said: True))
    other = NeuralNetworkParams(data="x.csv", device="cpu", hidden=(17,))
    with pytest.raises(UsageError, match=r"it was made with seed 2, not 0"):
        attempt(DirectorySession(tmp_path / "kept"), other)
