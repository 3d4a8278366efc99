"""A whole training: from a file to a model file and a result that says everything about it."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from paceline.executors.user_code import bind
from paceline.model.errors import UsageError
from paceline.tasks.train import TrainParams, model_file
from paceline.tasks.train.run import train

TABLE = "size,colour,y\n" + "".join(
    f"{'' if i % 9 == 0 else i},{('red', 'blue', '')[i % 3]},{'big' if i > 20 else 'small'}\n" for i in range(40)
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)


def silent(*, step: int, **values: object) -> None:
    """Report to nobody."""


def run(label: str = "3.17-1", **params: Any) -> Any:
    result = train(TrainParams(data="t.csv", trees=10, **params), silent, label=label)
    return json.loads(json.dumps(result))  # it travels as JSON


def test_a_result_says_what_was_made_of_what() -> None:
    result = run(target="y", seed=5)
    assert result["task"] == "classification"
    assert result["metrics"]["val_accuracy"] > 0.8
    assert result["rows"] == {"train": 32, "validation": 8}
    assert (result["features"], result["feature_count"]) == (["size", "colour"], 2)
    assert (result["classes"], result["class_count"]) == (["big", "small"], 2)
    assert result["params"]["seed"] == 5
    assert result["seconds"] > 0
    assert set(result["versions"]) == {"python", "paceline", "scikit-learn", "numpy", "pyarrow", "skops"}


def test_the_model_file_is_whole_named_after_its_attempt_and_its_content() -> None:
    model = run()["model"]
    file = Path(model["path"])
    content = file.read_bytes()
    assert (model["bytes"], model["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert file == Path.cwd() / f"models/random_forest-3.17-1-{model['sha256'][:8]}.skops"
    assert list(file.parent.iterdir()) == [file]


def test_the_model_file_holds_preprocessing_and_model() -> None:
    model = run()["model"]
    loaded = skops.io.load(model["path"], trusted=model["trusted"])
    rows = np.array([[np.nan, "green"], [35.0, "red"], [2.0, None]], dtype=object)
    assert loaded.predict(rows).tolist()[1:] == ["big", "small"]
    np.testing.assert_array_equal(model_file.load(Path(model["path"])).predict(rows), loaded.predict(rows))


def test_the_same_seed_gives_the_same_model() -> None:
    rows = np.array([[float(i), "red"] for i in range(40)], dtype=object)
    first, again = (model_file.load(Path(run(seed=2)["model"]["path"])) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(rows), again.predict_proba(rows))


def test_attempts_do_not_write_over_each_other() -> None:
    assert run(label="1.0-1")["model"]["path"] != run(label="1.0-2")["model"]["path"]
    assert len(list(Path("models").iterdir())) == 2


def test_output_can_be_chosen() -> None:
    assert Path(run(output="deep/er")["model"]["path"]).parent == Path.cwd() / "deep/er"


def test_output_that_cannot_be_written_to_is_refused_before_training() -> None:
    Path("models").touch()
    with pytest.raises(UsageError) as caught:
        train(TrainParams(data="missing.csv"), silent, label="x")
    assert caught.value.message == f"train.output: cannot write to '{Path.cwd() / 'models'}': File exists"


def test_warnings_are_part_of_the_result(caplog: pytest.LogCaptureFixture) -> None:
    Path("t.csv").write_text(TABLE.replace("size,", "size,empty,", 1).replace("\n", "\n,").removesuffix("\n,") + "\n")
    result = run()
    assert result["warnings"] == ["column 'size' has no values and was left out"]
    assert caplog.messages == result["warnings"]


def test_a_wide_table_is_told_in_part() -> None:
    np.savez("wide.npz", X=np.arange(10 * 1200.0).reshape(10, 1200), y=np.arange(10) % 2)
    result = train(TrainParams(data="wide.npz", trees=1), silent, label="x")
    assert (len(result["features"]), result["feature_count"]) == (1000, 1200)  # type: ignore[arg-type]


def test_a_model_that_could_run_code_is_not_published(tmp_path: Path) -> None:
    sly = Pipeline([("sly", FunctionTransformer(shutil.rmtree))])
    with pytest.raises(UsageError, match="holds types that are not trusted: shutil"):
        model_file.save(sly, tmp_path, "sly")
    assert list(tmp_path.glob("*sly*")) == []


def test_a_model_file_with_strange_types_is_not_loaded(tmp_path: Path) -> None:
    skops.io.dump(Pipeline([("sly", FunctionTransformer(shutil.rmtree))]), tmp_path / "sly.skops")
    with pytest.raises(UsageError, match="sly.skops' holds types that are not trusted: shutil"):
        model_file.load(tmp_path / "sly.skops")


def test_a_task_of_a_grid_ends_with_its_own_result_or_its_own_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    task = bind("train", b'{"data": "t.csv", "trees": 2}').work
    good, refused = task(b'{"max_depth": 1}'), task(b'{"target": "yy"}')
    assert good.outcome == "SUCCEEDED"
    assert json.loads(good.result)["params"]["max_depth"] == 1
    assert (refused.outcome, refused.detail) == (
        "FAILED",
        "train.target: 't.csv' has no column 'yy'; did you mean 'y'?",
    )
    assert "Traceback" not in capfd.readouterr().err
