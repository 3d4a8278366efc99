"""Boosting: XGBoost's own model, whatever happens on the way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, r2_score

from paceline.model.errors import UsageError
from paceline.tasks.train.columns import Column
from paceline.tasks.train.params import RandomForestParams, XGBoostParams
from paceline.tasks.train.random_forest import train as grow
from paceline.tasks.train.split import Part, Parts
from paceline.tasks.train.trained import Trained
from paceline.tasks.train.xgboost import Boosted, train
from tests.tasks.train.samples import parts
from tests.tasks.train.session import DirectorySession

OBJECTIVES: dict[str, dict[str, Any]] = {
    "digits": {"objective": "multi:softprob", "num_class": 10, "eval_metric": ["merror", "mlogloss"]},
    "wine": {"objective": "multi:softprob", "num_class": 3, "eval_metric": ["merror", "mlogloss"]},
    "breast_cancer": {"objective": "binary:logistic", "eval_metric": ["error", "logloss"]},
    "diabetes": {"objective": "reg:squarederror", "eval_metric": ["rmse"]},
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def boosted(name: str, **params: Any) -> tuple[Trained, DirectorySession]:
    session = DirectorySession(Path("checkpoints"))
    return train(XGBoostParams(data="x.csv", **params), parts(name), session), session


def plain(name: str, rounds: int, **params: Any) -> tuple[xgboost.Booster, dict[str, dict[str, list[float]]]]:
    """The same by the library alone."""
    of = parts(name)
    log: dict[str, dict[str, list[float]]] = {}
    learned = xgboost.DMatrix(of.train.x.astype(np.float32), of.train.y)
    held = xgboost.DMatrix(of.validation.x.astype(np.float32), of.validation.y)
    booster = xgboost.train(
        {**OBJECTIVES[name], "seed": 3, "nthread": 1, **params},
        learned,
        rounds,
        evals=[(learned, "train"), (held, "validation")],
        evals_result=log,
        verbose_eval=False,
    )
    return booster, log


def trees(trained: Trained) -> list[str]:
    assert isinstance(trained.model, Boosted)
    return trained.model.booster.get_dump(with_stats=True)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_model_is_xgboosts_own(name: str) -> None:
    trained, session = boosted(name, rounds=20, seed=3, max_depth=4, learning_rate=0.2, reg_alpha=0.1, gamma=0.01)
    booster, log = plain(name, 20, max_depth=4, learning_rate=0.2, reg_alpha=0.1, gamma=0.01)
    assert trees(trained) == booster.get_dump(with_stats=True)
    loss = {"digits": "mlogloss", "wine": "mlogloss", "breast_cancer": "logloss", "diabetes": "rmse"}[name]
    assert session.of("loss") == log["train"][loss]
    assert session.of("val_loss") == log["validation"][loss]
    assert trained.metrics["val_loss"] == log["validation"][loss][-1]


def test_sampling_is_xgboosts_own_in_every_chunk() -> None:
    sampling = {"subsample": 0.7, "colsample_bytree": 0.5}
    trained, _ = boosted("wine", rounds=50, seed=3, **sampling)
    assert trees(trained) == plain("wine", 50, **sampling)[0].get_dump(with_stats=True)


def test_classification_is_measured_as_scikit_learn_does() -> None:
    trained, session = boosted("digits", rounds=15)
    x, y = parts("digits").validation.x, parts("digits").validation.y
    answers = trained.predict(x)
    assert trained.metrics["val_accuracy"] == accuracy_score(y, answers.argmax(axis=1)) > 0.9
    assert trained.metrics["val_f1"] == f1_score(y, answers.argmax(axis=1), average="macro")
    assert trained.metrics["val_loss"] == pytest.approx(log_loss(y, answers), rel=1e-4)
    assert session.of("val_accuracy")[-1] == pytest.approx(trained.metrics["val_accuracy"])
    assert trained.classes == tuple(range(10))


def test_regression_is_measured_as_scikit_learn_does() -> None:
    trained, session = boosted("diabetes", rounds=10)
    y, predicted = parts("diabetes").validation.y, trained.predict(parts("diabetes").validation.x)
    assert trained.metrics["val_r2"] == pytest.approx(r2_score(y, predicted))
    assert trained.metrics["val_mae"] == pytest.approx(mean_absolute_error(y, predicted))
    assert trained.metrics["val_rmse"] == pytest.approx(trained.metrics["val_loss"])
    assert session.of("val_r2")[-1] == pytest.approx(trained.metrics["val_r2"], abs=1e-5)


def test_two_classes_have_two_probabilities() -> None:
    trained, _ = boosted("breast_cancer", rounds=10)
    answers = trained.predict(parts("breast_cancer").validation.x)
    assert answers.shape == (143, 2)
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-6)
    assert trained.metrics["val_accuracy"] > 0.9


def test_every_round_is_reported() -> None:
    _, session = boosted("breast_cancer", rounds=4)
    assert session.of("step") == session.of("rounds") == [1, 2, 3, 4]
    assert session.of("progress") == [0.25, 0.5, 0.75, 1.0]
    assert set(session.reports[0]) == {
        *("step", "rounds", "progress", "eta", "samples_per_second", "cpu_percent", "rss_bytes"),
        *("loss", "accuracy", "val_loss", "val_accuracy"),
    }


# ── stopping early ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_stops_when_the_validation_loss_rises_and_keeps_the_best_round() -> None:
    trained, session = boosted("diabetes", rounds=200, patience=5, seed=3)
    of = parts("diabetes")
    learned = xgboost.DMatrix(of.train.x.astype(np.float32), of.train.y)
    held = xgboost.DMatrix(of.validation.x.astype(np.float32), of.validation.y)
    booster = xgboost.train(
        {"objective": "reg:squarederror", "eval_metric": "rmse", "seed": 3, "nthread": 1},
        learned,
        200,
        evals=[(held, "held")],
        callbacks=[xgboost.callback.EarlyStopping(rounds=5, save_best=True)],
        verbose_eval=False,
    )
    assert trees(trained) == booster.get_dump(with_stats=True)
    assert len(session.reports) == booster.num_boosted_rounds() + 5 < 200
    assert trained.metrics["val_loss"] == min(session.of("val_loss"))


# ── interruptions ───────────────────────────────────────────────────────────────────────────────────────────────────


def interrupted(name: str, when: Callable[[list[dict[str, Any]]], bool], **params: Any) -> list[dict[str, Any]]:
    """Reports of an attempt that was asked to end, and did."""
    session = DirectorySession(Path("checkpoints"), stops=when)
    with pytest.raises(SystemExit, match="75"):
        train(XGBoostParams(data="x.csv", **params), parts(name), session)
    return session.reports


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "diabetes"])
def test_an_interruption_does_not_show(name: str) -> None:
    whole, told = boosted(name, rounds=12)
    first = interrupted(name, lambda reports: len(reports) == 5, rounds=12)
    resumed, rest = boosted(name, rounds=12)
    assert trees(resumed) == trees(whole)
    assert resumed.metrics == whole.metrics
    assert [values["step"] for values in first] + rest.of("step") == told.of("step")
    assert rest.of("progress")[0] == 0.5


@pytest.mark.parametrize("after", [20, 60, 110])
def test_an_interruption_does_not_show_with_sampling(after: int) -> None:
    sampling: dict[str, Any] = {"rounds": 120, "subsample": 0.6, "colsample_bytree": 0.5, "max_depth": 2}
    whole, _ = boosted("wine", **sampling)
    interrupted("wine", lambda reports: len(reports) == after, **sampling)
    resumed, rest = boosted("wine", **sampling)
    assert rest.of("step")[0] == after // 50 * 50 + 1
    assert trees(resumed) == trees(whole)


def test_an_interruption_does_not_lengthen_patience() -> None:
    whole, told = boosted("diabetes", rounds=200, patience=6)
    rounds = len(told.reports)
    interrupted("diabetes", lambda reports: len(reports) == rounds - 3, rounds=200, patience=6)
    resumed, rest = boosted("diabetes", rounds=200, patience=6)
    assert len(rest.reports) == 3
    assert trees(resumed) == trees(whole)


def test_two_interruptions() -> None:
    whole, _ = boosted("wine", rounds=9)
    interrupted("wine", lambda reports: len(reports) == 2, rounds=9)
    interrupted("wine", lambda reports: len(reports) == 3, rounds=9)
    resumed, rest = boosted("wine", rounds=9)
    assert rest.of("step") == [6, 7, 8, 9]
    assert trees(resumed) == trees(whole)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"max_depth": 3}, "checkpoint of step 2: it was made with max_depth 6, not 3"),
        ({"rounds": 10}, "checkpoint of step 2: it was made with rounds 9, not 10"),
        ({"seed": 1}, "checkpoint of step 2: it was made with seed 0, not 1"),
    ],
)
def test_a_checkpoint_of_other_parameters_is_refused(changed: dict[str, Any], message: str) -> None:
    interrupted("wine", lambda reports: len(reports) == 2, rounds=9)
    with pytest.raises(UsageError) as caught:
        boosted("wine", **{"rounds": 9, **changed})
    assert (caught.value.message, caught.value.hint) == (message, "submit it as a job of its own")


def test_a_checkpoint_of_another_model_is_refused() -> None:
    interrupted("wine", lambda reports: len(reports) == 2, rounds=9)
    with pytest.raises(UsageError, match="it is that of a xgboost, not of a random_forest"):
        grow(RandomForestParams(data="x.csv"), parts("wine"), DirectorySession(Path("checkpoints")))


def test_a_checkpoint_that_no_training_made_is_refused() -> None:
    with DirectorySession(Path("checkpoints")).checkpoint(step=4) as folder:
        (folder / "weights").write_text("1 2 3")
    with pytest.raises(UsageError, match="checkpoint of step 4: it is not that of a training"):
        boosted("wine")


# ── columns and classes ─────────────────────────────────────────────────────────────────────────────────────────────


def test_missing_numbers_stay_missing() -> None:
    x = np.array([[1.0], [np.nan], [3.0], [np.nan]] * 10)
    y = np.array(["there", "not"] * 20)
    part = Part(x=x, y=y)
    of = Parts(task="classification", target="y", columns=(Column(name="x"),), train=part, validation=part)
    trained = train(XGBoostParams(data="x.csv", rounds=20), of, DirectorySession(Path("checkpoints")))
    assert trained.metrics["accuracy"] == 1
    assert trained.classes == ("not", "there")


def test_a_class_that_training_never_saw_counts_as_wrong() -> None:
    x = np.array([[0.0], [1.0]] * 10)
    of = Parts(
        task="classification",
        target="y",
        columns=(Column(name="x"),),
        train=Part(x=x, y=np.array(["a", "b"] * 10)),
        validation=Part(x=x[:2], y=np.array(["a", "z"])),
    )
    trained = train(XGBoostParams(data="x.csv", rounds=10), of, DirectorySession(Path("checkpoints")))
    assert trained.classes == ("a", "b", "z")
    assert trained.metrics["val_accuracy"] == 0.5


def test_rows_weigh_as_their_classes_do() -> None:
    of = parts("breast_cancer")
    trained, _ = boosted("breast_cancer", rounds=5, seed=3, class_weight={"0": 3})
    learned = xgboost.DMatrix(of.train.x.astype(np.float32), of.train.y, weight=np.where(of.train.y == 0, 3.0, 1.0))
    booster = xgboost.train({"objective": "binary:logistic", "seed": 3, "nthread": 1}, learned, 5)
    assert trees(trained) == booster.get_dump(with_stats=True)


def test_a_gpu_is_refused_where_xgboost_is_built_without() -> None:
    if xgboost.build_info()["USE_CUDA"]:
        pytest.skip("this XGBoost is built with CUDA")
    with pytest.raises(UsageError) as caught:
        boosted("wine", device="cuda")
    assert caught.value.message == "train.device: the XGBoost of this worker is built without CUDA"
    assert caught.value.hint == "device: cpu, or install xgboost in place of xgboost-cpu"
