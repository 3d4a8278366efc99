"""The forest itself: the same one as scikit-learn's, measured as scikit-learn measures, reported while it grows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

from paceline.tasks.train import TrainParams
from paceline.tasks.train.random_forest import train
from paceline.tasks.train.split import Part, Parts
from paceline.tasks.train.trained import Trained


@dataclass
class Reports:
    """Remembers what was reported."""

    seen: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, *, step: int, **values: Any) -> None:
        self.seen.append({"step": step} | values)

    def of(self, name: str) -> list[Any]:
        return [values[name] for values in self.seen]


def parts(load: Callable[..., Any]) -> Parts:
    x, y = load(return_X_y=True)
    x_train, x_held, y_train, y_held = train_test_split(x.astype(float), y, test_size=0.25, random_state=0)
    return Parts(
        task="classification" if load is load_digits else "regression",
        target="y",
        features=tuple(f"x{i}" for i in range(x.shape[1])),
        text=(),
        train=Part(x=x_train, y=y_train),
        validation=Part(x=x_held, y=y_held),
    )


@cache
def digits() -> Parts:
    return parts(load_digits)


@cache
def diabetes() -> Parts:
    return parts(load_diabetes)


def grown(of: Parts, **params: Any) -> tuple[Trained, Reports]:
    reports = Reports()
    return train(TrainParams(data="x.csv", **params), of, reports), reports


@pytest.mark.parametrize("every", [0, 1, 7, 30, 100])
def test_steps_do_not_show_in_the_forest(every: int) -> None:
    trained, _ = grown(digits(), trees=30, seed=4, max_depth=8, report_every=every)
    at_once = RandomForestClassifier(30, random_state=4, max_depth=8).fit(digits().train.x, digits().train.y)
    x = digits().validation.x
    np.testing.assert_array_equal(trained.pipeline.predict_proba(x), at_once.predict_proba(x))


def test_a_regression_forest_is_scikit_learns_too() -> None:
    trained, _ = grown(diabetes(), trees=25, seed=1, min_samples_leaf=3, max_features=0.5, report_every=4)
    at_once = RandomForestRegressor(25, random_state=1, min_samples_leaf=3, max_features=0.5)
    at_once.fit(diabetes().train.x, diabetes().train.y)
    x = diabetes().validation.x
    np.testing.assert_array_equal(trained.pipeline.predict(x), at_once.predict(x))


def test_classification_is_measured_as_scikit_learn_does() -> None:
    trained, _ = grown(digits(), trees=60)
    x, y = digits().validation.x, digits().validation.y
    predicted = trained.pipeline.predict(x)
    assert trained.metrics["val_accuracy"] == accuracy_score(y, predicted) > 0.95
    assert trained.metrics["val_f1"] == f1_score(y, predicted, average="macro")
    assert trained.metrics["val_loss"] == pytest.approx(log_loss(y, trained.pipeline.predict_proba(x)))
    assert trained.metrics["accuracy"] == 1.0
    assert trained.classes == tuple(range(10))


def test_regression_is_measured_as_scikit_learn_does() -> None:
    trained, _ = grown(diabetes(), trees=60)
    y, predicted = diabetes().validation.y, trained.pipeline.predict(diabetes().validation.x)
    assert trained.metrics["val_r2"] == pytest.approx(r2_score(y, predicted))
    assert trained.metrics["val_loss"] == pytest.approx(mean_squared_error(y, predicted))
    assert trained.metrics["val_rmse"] == pytest.approx(np.sqrt(mean_squared_error(y, predicted)))
    assert trained.metrics["val_mae"] == pytest.approx(mean_absolute_error(y, predicted))
    assert trained.metrics["r2"] > trained.metrics["val_r2"] > 0.2
    assert trained.classes == ()


def test_reports_come_while_the_forest_grows() -> None:
    trained, reports = grown(digits(), trees=20, report_every=6)
    assert reports.of("step") == reports.of("trees") == [6, 12, 18, 20]
    assert reports.of("progress") == [0.3, 0.6, 0.9, 1.0]
    assert reports.seen[-1]["val_accuracy"] == trained.metrics["val_accuracy"]
    assert reports.seen[-1]["eta"] == 0
    assert all(speed > 0 for speed in reports.of("samples_per_second"))
    assert set(reports.seen[0]) == {
        *("step", "progress", "trees", "samples_per_second", "eta"),
        *("accuracy", "loss", "val_accuracy", "val_loss"),
    }


def test_a_regression_reports_its_own_metrics() -> None:
    _, reports = grown(diabetes(), trees=4)
    assert {"r2", "loss", "val_r2", "val_loss"} <= set(reports.seen[0])


def test_without_being_told_a_forest_reports_some_twenty_times() -> None:
    _, reports = grown(diabetes(), trees=200, max_depth=2)
    assert reports.of("step")[0] == 1
    assert 20 <= len(reports.seen) <= 30


def test_processors_do_not_show_in_the_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, _ = grown(digits(), trees=12)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    together, _ = grown(digits(), trees=12)
    x = digits().validation.x
    np.testing.assert_array_equal(alone.pipeline.predict_proba(x), together.pipeline.predict_proba(x))
    assert together.metrics == alone.metrics
    assert together.pipeline["model"].n_jobs is None


def test_a_class_that_training_never_saw_counts_as_wrong() -> None:
    x, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array(["a", "b", "a", "b"])
    never = Part(x=x[:2], y=np.array(["b", "z"]))
    of = Parts(
        task="classification", target="y", features=("x",), text=(), train=Part(x=x, y=y), validation=never
    )  # fmt: skip
    trained, _ = grown(of, trees=3)
    assert trained.metrics["val_accuracy"] <= 0.5
    assert np.isfinite(trained.metrics["val_loss"])


def test_text_and_missing_values_are_prepared_by_the_rows_to_learn_from() -> None:
    train_x = np.array([[1.0, "red"], [np.nan, "blue"], [3.0, None], [5.0, "red"]] * 3, dtype=object)
    train_y = np.array(["yes", "no", "no", "yes"] * 3)
    held_x = np.array([[np.nan, "green"], [100.0, "red"]], dtype=object)
    of = Parts(
        task="classification",
        target="y",
        features=("size", "colour"),
        text=(1,),
        train=Part(x=train_x, y=train_y),
        validation=Part(x=held_x, y=np.array(["no", "yes"])),
    )
    trained, _ = grown(of, trees=10)
    prepared = trained.pipeline["prepare"].transform(held_x)
    # size, then one column each for blue, red and missing: the median is 3; green was never seen.
    assert prepared.tolist() == [[3.0, 0.0, 0.0, 0.0], [100.0, 0.0, 1.0, 0.0]]
    assert trained.pipeline.predict(train_x).tolist() == train_y.tolist()
