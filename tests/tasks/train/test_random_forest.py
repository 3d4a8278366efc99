"""The forest itself: the same one as scikit-learn's, measured as scikit-learn measures, reported while it grows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, mean_squared_error, r2_score

from paceline.model.errors import UsageError
from paceline.tasks.train.columns import Column
from paceline.tasks.train.params import RandomForestParams
from paceline.tasks.train.random_forest import Forest, Grown, train
from paceline.tasks.train.split import Part, Parts
from paceline.tasks.train.trained import Trained
from tests.tasks.train.samples import parts
from tests.tasks.train.session import DirectorySession


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def grown(of: Parts, **params: Any) -> tuple[Trained, DirectorySession]:
    session = DirectorySession(Path("checkpoints"))
    return train(RandomForestParams(data="x.csv", **params), of, session), session


@pytest.mark.parametrize("every", [0, 1, 7, 30, 100])
def test_steps_do_not_show_in_the_forest(every: int) -> None:
    trained, _ = grown(parts("digits"), trees=30, seed=4, max_depth=8, report_every=every)
    at_once = RandomForestClassifier(30, random_state=4, max_depth=8).fit(
        parts("digits").train.x, parts("digits").train.y
    )
    x = parts("digits").validation.x
    np.testing.assert_array_equal(trained.predict(x), at_once.predict_proba(x))


def test_from_the_first_step_on_every_thread_has_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    _, session = grown(parts("digits"), trees=100)
    assert session.of("trees")[0] == 4


def test_a_regression_forest_is_scikit_learns_too() -> None:
    trained, _ = grown(parts("diabetes"), trees=25, seed=1, min_samples_leaf=3, max_features=0.5, report_every=4)
    at_once = RandomForestRegressor(25, random_state=1, min_samples_leaf=3, max_features=0.5)
    at_once.fit(parts("diabetes").train.x, parts("diabetes").train.y)
    x = parts("diabetes").validation.x
    np.testing.assert_array_equal(trained.predict(x), at_once.predict(x))


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "wine", "diabetes"])
def test_an_interruption_does_not_show(name: str) -> None:
    whole, told = grown(parts(name), trees=20, report_every=3)
    session = DirectorySession(Path("checkpoints"), stops=lambda reports: len(reports) == 3)
    with pytest.raises(SystemExit, match="75"):
        train(RandomForestParams(data="x.csv", trees=20, report_every=3), parts(name), session)
    resumed, rest = grown(parts(name), trees=20, report_every=3)
    assert session.of("trees") + rest.of("trees") == told.of("trees")
    assert rest.of("progress")[0] == 0.6
    assert resumed.metrics == whole.metrics
    for tree, twin in zip(forest_of(resumed).estimators_, forest_of(whole).estimators_, strict=True):
        np.testing.assert_array_equal(tree.tree_.threshold, twin.tree_.threshold)
        np.testing.assert_array_equal(tree.tree_.value, twin.tree_.value)


def test_a_forest_that_was_interrupted_after_its_last_tree_is_done() -> None:
    session = DirectorySession(Path("checkpoints"), stops=lambda reports: reports[-1]["progress"] == 1)
    trained = train(RandomForestParams(data="x.csv", trees=4), parts("wine"), session)
    assert len(forest_of(trained).estimators_) == 4


@pytest.mark.parametrize(("asked", "same"), [("balanced", "balanced"), ({"0": 5}, {0: 5.0, 1: 1.0})])
def test_rows_weigh_as_their_classes_do(asked: object, same: object) -> None:
    trained, _ = grown(parts("breast_cancer"), trees=10, class_weight=asked)
    at_once = RandomForestClassifier(10, random_state=0, class_weight=same)
    at_once.fit(parts("breast_cancer").train.x, parts("breast_cancer").train.y)
    x = parts("breast_cancer").validation.x
    np.testing.assert_array_equal(trained.predict(x), at_once.predict_proba(x))


def test_a_class_that_is_not_there_has_no_weight() -> None:
    with pytest.raises(UsageError) as caught:
        grown(parts("wine"), class_weight={"3": 2.0})
    assert caught.value.message == "train.class_weight: there is no class '3'"
    assert caught.value.hint == "there are: 0, 1, 2"


def forest_of(trained: Trained) -> Forest:
    assert isinstance(trained.model, Grown)
    return trained.model.forest


def test_classification_is_measured_as_scikit_learn_does() -> None:
    trained, _ = grown(parts("digits"), trees=60)
    x, y = parts("digits").validation.x, parts("digits").validation.y
    predicted = trained.predict(x).argmax(axis=1)
    assert trained.metrics["val_accuracy"] == accuracy_score(y, predicted) > 0.95
    assert trained.metrics["val_f1"] == f1_score(y, predicted, average="macro")
    assert trained.metrics["val_loss"] == pytest.approx(log_loss(y, trained.predict(x)))
    assert trained.metrics["accuracy"] == 1.0
    assert trained.classes == tuple(range(10))


def test_regression_is_measured_as_scikit_learn_does() -> None:
    trained, _ = grown(parts("diabetes"), trees=60)
    y, predicted = parts("diabetes").validation.y, trained.predict(parts("diabetes").validation.x)
    assert trained.metrics["val_r2"] == pytest.approx(r2_score(y, predicted))
    assert trained.metrics["val_loss"] == pytest.approx(mean_squared_error(y, predicted))
    assert trained.metrics["val_rmse"] == pytest.approx(np.sqrt(mean_squared_error(y, predicted)))
    assert trained.metrics["val_mae"] == pytest.approx(mean_absolute_error(y, predicted))
    assert trained.metrics["r2"] > trained.metrics["val_r2"] > 0.2
    assert trained.classes == ()


def test_reports_come_while_the_forest_grows() -> None:
    trained, session = grown(parts("digits"), trees=20, report_every=6)
    assert session.of("step") == session.of("trees") == [6, 12, 18, 20]
    assert session.of("progress") == [0.3, 0.6, 0.9, 1.0]
    assert session.reports[-1]["val_accuracy"] == trained.metrics["val_accuracy"]
    assert session.reports[-1]["eta"] == 0
    assert all(speed > 0 for speed in session.of("samples_per_second"))
    assert set(session.reports[0]) == {
        *("step", "progress", "trees", "samples_per_second", "eta", "cpu_percent", "rss_bytes"),
        *("accuracy", "loss", "val_accuracy", "val_loss"),
    }


def test_a_regression_reports_its_own_metrics() -> None:
    _, session = grown(parts("diabetes"), trees=4)
    assert {"r2", "loss", "val_r2", "val_loss"} <= set(session.reports[0])


def test_without_being_told_a_forest_reports_some_twenty_times() -> None:
    _, session = grown(parts("diabetes"), trees=200, max_depth=2)
    assert session.of("step")[0] == 1
    assert 20 <= len(session.reports) <= 30


def test_processors_do_not_show_in_the_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, _ = grown(parts("digits"), trees=12)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    together, _ = grown(parts("digits"), trees=12)
    x = parts("digits").validation.x
    np.testing.assert_array_equal(alone.predict(x), together.predict(x))
    assert together.metrics == alone.metrics
    assert forest_of(together).n_jobs is None


def test_a_class_that_training_never_saw_counts_as_wrong() -> None:
    x, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array(["a", "b", "a", "b"])
    never = Part(x=x[:2], y=np.array(["b", "z"]))
    of = Parts(
        task="classification", target="y", columns=(Column(name="x"),), train=Part(x=x, y=y), validation=never
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
        columns=(Column(name="size"), Column(name="colour", type="text")),
        train=Part(x=train_x, y=train_y),
        validation=Part(x=held_x, y=np.array(["no", "yes"])),
    )
    trained, _ = grown(of, trees=10)
    prepared = trained.prepare.transform(held_x)
    # size, then one column each for blue, red and missing: the median is 3; green was never seen.
    assert prepared.tolist() == [[3.0, 0.0, 0.0, 0.0], [100.0, 0.0, 1.0, 0.0]]
    assert [trained.classes[i] for i in trained.predict(train_x).argmax(axis=1)] == train_y.tolist()
