"""What is said of models: side by side, and where one lies once it was brought."""

import json
from dataclasses import replace

import pytest

from paceline.cli.commands.compare import compared
from paceline.cli.commands.predict import cached
from paceline.cli.forms import form
from paceline.cli.main import run
from tests.contracts.catalog import file, model


@pytest.fixture(autouse=True)
def _nobody_there(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A home in which no server ever ran."""
    monkeypatch.setenv("PACELINE_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("PACELINE_SERVER", raising=False)


def test_models_are_compared_by_all_that_is_said_of_any() -> None:
    one = model(card=json.dumps({"params": {"trees": 100, "seed": 7}, "target": "churned"}))
    other = model("2.0", 1, 0.97, card=json.dumps({"params": {"trees": 300, "depth": 4}, "target": "churned"}))
    lines = {line.name: line for line in compared([one, other])}
    assert [name for name in lines if name.startswith("params.")] == ["params.trees", "params.seed", "params.depth"]
    assert list(lines)[-1] == "size"
    assert list(lines["metrics.val_accuracy"].values) == [0.952, 0.97]
    assert list(lines["params.depth"].values) == [None, 4]
    assert {name for name, line in lines.items() if line.differs} == {
        "metrics.val_accuracy",
        "metrics.val_loss",
        "params.trees",
        "params.seed",
        "params.depth",
    }


def test_a_model_in_the_cache_is_named_by_its_content() -> None:
    one = model()
    assert cached(one) == cached(replace(one, name="other", files=one.files[::-1]))
    assert cached(one) != cached(replace(one, files=(file("model.skops", b"other trees"),)))


def test_a_model_as_json_says_what_its_card_says() -> None:
    said = form(model(tags=("good",)))
    assert said["card"] == {"target": "churned", "params": {"trees": 100}}
    assert (said["id"], said["bytes"], said["metric"]) == (model().key, 7, "val_accuracy")
    assert said["created_at"] == "2026-12-16T00:00:00.000Z"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model", "sohw"], "there is no command 'sohw'"),
        (["model", "compare", "a"], "compare: with what?"),
        (["model", "tag", "a"], "tag: which?"),
        (["model", "ls", "--max"], "--min and --max say which way --by goes"),
        (["model", "ls", "--since", "soon"], "--since: cannot read 'soon'"),
        (["model", "predict", "last", "nowhere.csv"], "data: there is no file 'nowhere.csv'"),
        (["model", "ls"], "no Paceline server is known on this machine"),
        (["server", "--catalog", "mongodb://ada:secret@host/db"], "--catalog: the URL holds a password"),
        (["server", "--catalog", "postgres://host/db", "--store", "memory"], "catalog: only a MongoDB can be named"),
    ],
)
def test_what_cannot_be_done_is_told(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) in (2, 69)
    said = capsys.readouterr().err
    assert message in said
    assert "secret" not in said
