"""A whole training: from a file to a model's folder and a result that says everything about it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paceline.executors.user_code import bind
from paceline.model.errors import UsageError
from paceline.tasks.train import folder
from paceline.tasks.train.params import RandomForestParams
from paceline.tasks.train.run import train
from tests.tasks.train.session import DirectorySession

TABLE = "size,colour,y\n" + "".join(
    f"{'' if i % 9 == 0 else i},{('red', 'blue', '')[i % 3]},{'big' if i > 20 else 'small'}\n" for i in range(40)
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)


def run(label: str = "3.17-1", **params: Any) -> Any:
    wanted: dict[str, Any] = {"data": "t.csv", "trees": 10} | params
    result = train(RandomForestParams(**wanted), DirectorySession(Path("checkpoints")), label=label)
    return json.loads(json.dumps(result))  # it travels as JSON


def test_a_result_says_what_was_made_of_what() -> None:
    result = run(target="y", seed=5)
    assert result["task"] == "classification"
    assert result["metrics"]["val_accuracy"] > 0.8
    assert result["rows"] == {"train": 32, "validation": 8}
    assert (result["features"], result["features_count"]) == (["size", "colour"], 2)
    assert (result["classes"], result["classes_count"]) == (["big", "small"], 2)
    assert result["data"] == {"sha256": sha256(Path("t.csv")), "rows": 40, "validation_sha256": ""}
    assert result["params"]["seed"] == 5
    assert result["seconds"] > 0
    assert set(result["versions"]) == {"python", "paceline", "sklearn", "numpy", "pyarrow", "skops"}


def test_the_folder_is_named_after_its_attempt_and_its_content() -> None:
    about = run()["folder"]
    path = Path(about["path"])
    assert path == Path.cwd() / f"models/random_forest-3.17-1-{about['sha256'][:8]}"
    assert about["sha256"] == sha256(path / "config.json")
    assert about["bytes"] == sum(file.stat().st_size for file in path.iterdir())
    assert list(path.parent.iterdir()) == [path]


def test_a_model_is_published_with_its_card() -> None:
    session = DirectorySession(Path("checkpoints"))
    train(RandomForestParams(data="t.csv", trees=3), session, label="x")
    ((path, card),) = session.published
    assert {"model", "task", "metrics", "params", "target", "features", "classes", "data", "versions"} <= set(card)
    assert json.loads((path / "config.json").read_text()).items() >= json.loads(json.dumps(card)).items()
    assert card["columns"] == {"size": "number", "colour": "text"}
    assert card["data"]["columns"] == {"size": "int64", "colour": "string", "y": "string"}  # type: ignore[index]


def test_the_same_seed_gives_the_same_model() -> None:
    first, again = (folder.load(Path(run(seed=2)["folder"]["path"])).trained for _ in range(2))
    rows = np.array([[float(i), "red"] for i in range(40)], dtype=object)
    np.testing.assert_array_equal(first.predict(rows), again.predict(rows))


def test_attempts_do_not_write_over_each_other() -> None:
    assert run(label="1.0-1")["folder"]["path"] != run(label="1.0-2")["folder"]["path"]
    assert len(list(Path("models").iterdir())) == 2


def test_output_can_be_chosen() -> None:
    assert Path(run(output="deep/er")["folder"]["path"]).parent == Path.cwd() / "deep/er"


def test_output_that_cannot_be_written_to_is_refused_before_training() -> None:
    Path("models").touch()
    with pytest.raises(UsageError) as caught:
        run(data="missing.csv")
    assert caught.value.message == f"train.output: cannot write to '{Path.cwd() / 'models'}': File exists"


def test_warnings_are_part_of_the_result(caplog: pytest.LogCaptureFixture) -> None:
    Path("t.csv").write_text(TABLE.replace("size,", "size,empty,", 1).replace("\n", "\n,").removesuffix("\n,") + "\n")
    result = run()
    assert result["warnings"] == ["column 'size' has no values and was left out"]
    assert caplog.messages == result["warnings"]


def test_a_wide_table_is_told_in_part() -> None:
    np.savez("wide.npz", X=np.arange(10 * 1200.0).reshape(10, 1200), y=np.arange(10) % 2)
    result = run(data="wide.npz", trees=1)
    assert (len(result["features"]), result["features_count"]) == (1000, 1200)


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


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
