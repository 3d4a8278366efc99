"""Models that were kept: what is loaded, and what is not."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer

from paceline.model.errors import UsageError
from paceline.tasks.train import folder, random_forest, xgboost
from paceline.tasks.train.params import RandomForestParams, XGBoostParams
from paceline.tasks.train.trained import Trained
from tests.tasks.train.samples import parts
from tests.tasks.train.session import DirectorySession


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def forest(name: str = "wine") -> Trained:
    return random_forest.train(RandomForestParams(data="x.csv", trees=5), parts(name), DirectorySession(Path("c")))


def boosted(name: str = "wine") -> Trained:
    return xgboost.train(XGBoostParams(data="x.csv", rounds=5), parts(name), DirectorySession(Path("c")))


def saved(trained: Trained, model: str = "random_forest", **card: Any) -> Path:
    about = {"model": model, "format": trained.model.format, "classes": list(trained.classes), **card}
    return folder.save(trained, about, Path(), "m").path


def refusal(path: Path) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        folder.load(path)
    return caught.value.message, caught.value.hint


def replace(path: Path, name: str, content: bytes) -> None:
    """Somebody's own file, under the name and with the checksum of ours."""
    (path / name).write_bytes(content)
    config = json.loads((path / "config.json").read_text())
    config["files"][name]["sha256"] = hashlib.sha256(content).hexdigest()
    (path / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "diabetes"])
@pytest.mark.parametrize(("model", "make"), [("random_forest", forest), ("xgboost", boosted)])
def test_what_was_saved_answers_as_before(name: str, model: str, make: Any) -> None:
    trained = make(name)
    loaded = folder.load(saved(trained, model)).trained
    x = parts(name).validation.x
    np.testing.assert_array_equal(loaded.predict(x), trained.predict(x))
    assert loaded.classes == trained.classes


def test_a_folder_lists_its_files() -> None:
    path = saved(forest())
    listed = json.loads((path / "config.json").read_text())["files"]
    assert set(listed) == {"prepare.skops", "model.skops"}
    for name, about in listed.items():
        content = (path / name).read_bytes()
        assert about == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_the_same_model_may_be_saved_again() -> None:
    trained = boosted()
    paths = {saved(trained, "xgboost") for _ in range(2)}
    for path in paths:
        assert folder.load(path).trained.classes == (0, 1, 2)


def test_boosters_are_kept_as_ubjson() -> None:
    assert (saved(boosted(), "xgboost") / "model.ubj").read_bytes()[:1] == b"{"


@pytest.mark.parametrize("name", ["model.skops", "prepare.skops"])
def test_a_damaged_file(name: str) -> None:
    path = saved(forest())
    content = bytearray((path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (path / name).write_bytes(content)
    message, hint = refusal(path)
    assert message.startswith(f"model {str(path)!r}: {name} is damaged: its SHA-256 is ")
    assert hint == "fetch it again"


def test_a_missing_file() -> None:
    path = saved(forest())
    (path / "model.skops").unlink()
    assert refusal(path)[0] == f"model {str(path)!r}: model.skops is missing"


def test_a_file_too_many() -> None:
    path = saved(forest())
    (path / "more.ubj").touch()
    assert refusal(path)[0] == f"model {str(path)!r}: more.ubj is not among those in config.json"


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (b"", "config.json is damaged: Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "config.json is damaged: not an object"),
        (b'{"format": "skops"}', "model.skops is missing"),
        (b'{"format": "../../etc/passwd"}', "model.../../etc/passwd is missing"),
    ],
)
def test_a_damaged_config(config: bytes, complaint: str) -> None:
    path = saved(forest())
    (path / "config.json").write_bytes(config)
    assert refusal(path)[0] == f"model {str(path)!r}: {complaint}"


def test_a_folder_that_is_no_model() -> None:
    Path("empty").mkdir()
    assert refusal(Path("empty"))[0] == "model 'empty': there is no config.json in it"
    assert refusal(Path("nowhere"))[0] == "model 'nowhere': there is no config.json in it"


def test_a_model_of_another_paceline() -> None:
    path = saved(forest(), "random_forrest")
    assert refusal(path) == (
        f"model {str(path)!r}: there is no model 'random_forrest' here",
        "did you mean 'random_forest'?",
    )


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "weights.PT"])
def test_a_pickle_is_refused_whatever_is_said_of_it(name: str) -> None:
    path = saved(forest())
    (path / name).write_bytes(b"\x80\x04.")
    message, hint = refusal(path)
    assert message == (
        f"model {str(path)!r}: {name} is a pickle; loading one runs whatever its author put into it"
    )  # fmt: skip
    assert hint == "train it again, or convert it where it can be trusted: skops, UBJSON or safetensors"
    assert refusal(path / name)[0].endswith("loading one runs whatever its author put into it")


@pytest.mark.parametrize("name", ["prepare.skops", "model.skops"])
def test_a_file_with_strange_types_is_not_loaded(name: str) -> None:
    path = saved(forest())
    replace(path, name, skops.io.dumps(ColumnTransformer([("sly", FunctionTransformer(shutil.rmtree), [0])])))
    assert refusal(path)[0] == f"'{path / name}' holds types that are not trusted: shutil.rmtree"


def test_a_file_with_something_else_is_not_used() -> None:
    path = saved(forest())
    replace(path, "model.skops", skops.io.dumps({"weights": [1, 2]}))
    assert refusal(path)[0] == f"'{path / 'model.skops'}' holds a dict, not a random forest"


def test_what_could_run_code_is_not_saved(tmp_path: Path) -> None:
    sly = ColumnTransformer([("sly", FunctionTransformer(shutil.rmtree), [0])])
    trained = Trained(prepare=sly, model=forest().model, metrics={})
    with pytest.raises(UsageError, match="holds types that are not trusted: shutil"):
        folder.save(trained, {}, tmp_path, "sly")
    assert list(tmp_path.iterdir()) == []
