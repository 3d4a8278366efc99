"""The catalogue for real: a training's model, from the worker that made it to a prediction somewhere else."""

import csv
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sklearn.datasets import load_iris

from tests.system.prompt import Prompt

if TYPE_CHECKING:
    from tests.system.conftest import Fleet

pytestmark = pytest.mark.system


class Shell(Prompt):
    """Its answers, too."""

    def json(self, *words: str) -> Any:
        out, err = self("model", words[0], "--json", *words[1:])
        assert err == ""
        answer = json.loads(out)
        assert answer.pop("schema") == "paceline/v1"
        return answer


def write(path: Path, loaded: object, target: str) -> None:
    """A table of one of scikit-learn's sets, with the classes by name."""
    data, classes, names, columns = (
        getattr(loaded, part) for part in ("data", "target", "target_names", "feature_names")
    )
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow([*(each.split(" (")[0].replace("/", "_").replace(" ", "_") for each in columns), target])
        lines.writerows([*row, names[kind]] for row, kind in zip(data.tolist(), classes.tolist(), strict=True))


SCRIPT = """
import pathlib, paceline.train
folder = pathlib.Path("out")
(folder / "deep").mkdir(parents=True)
(folder / "deep" / "topics.json").write_text("[]")
card = {"model": "topics", "task": "classification", "target": "topic", "metrics": {"val_accuracy": 1.0}}
print(paceline.train.publish(folder, card))
"""


@pytest.fixture(scope="module")
def trained(fleet: "Fleet", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A script's model and two forests of one table are in the catalogue."""
    cwd = tmp_path_factory.mktemp("models")
    write(cwd / "iris.csv", load_iris(), "species")
    sh = Shell(home=fleet.home, cwd=cwd, patience=90.0)
    assert sh("run", "--", sys.executable, "-c", SCRIPT)[0].startswith("topics-100p0-")
    for trees in (1, 40):
        sh("submit", "--wait", "--kind", "train", "--param", "data=iris.csv", "--param", f"trees={trees}")
    yield sh
    sh("model", "rm", "--yes", *sh("model", "ls", "-q")[0].split())
    assert sh("model", "ls")[0] == "no models; train one with: paceline run --kind train …\n"


def test_a_training_is_in_the_catalogue_under_its_name(trained: Shell) -> None:
    out, _ = trained("model", "ls")
    heading, *rows = out.splitlines()
    assert heading.split() == ["KEY", "NAME", "SIZE", "MADE", "BY", "AGE", "TAGS"]
    assert len(rows) == 3
    assert all(row.startswith("random-forest-") and "RandomForest_" in row for row in rows[:2])
    assert rows[2].startswith("topics-100p0-")
    [newest] = trained.json("ls", "--limit", "1")["models"]
    assert newest["card"]["target"] == "species"
    assert newest["kind"] == "random_forest"
    assert newest["worker"] == "w1"
    assert {file["name"] for file in newest["files"]} == {"config.json", "prepare.skops", "model.skops"}


def test_the_best_is_of_the_newests_sort(trained: Shell) -> None:
    [best] = trained.json("show", "best")["models"]
    iris = trained.json("ls", "--text", "species")["models"]
    assert best["card"]["target"] == "species"
    assert best["metrics"]["val_accuracy"] == max(each["metrics"]["val_accuracy"] for each in iris)
    losses = [each["metrics"]["val_loss"] for each in trained.json("ls", "--by", "val_loss")["models"]]
    assert len(losses) == 2
    assert losses == sorted(losses)


def test_a_model_is_got_checked_and_overwrites_nothing_unasked(trained: Shell) -> None:
    out, _ = trained("model", "get", "last", "here")
    assert out.endswith("checked, in here\n")
    config = trained.cwd / "here" / "config.json"
    whole = config.read_bytes()
    trained("model", "get", "last", "here")
    config.write_text("mine")
    _, err = trained("model", "get", "last", "here", code=1)
    assert "config.json is there already, with another content" in err
    assert config.read_text() == "mine"
    trained("model", "get", "last", "here", "--force")
    assert config.read_bytes() == whole


def test_models_side_by_side_show_what_differs(trained: Shell) -> None:
    one, other, _ = trained("model", "ls", "-q")[0].split()
    out, err = trained("model", "compare", one, other)
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines()[1:]}
    assert lines["params.trees"] == ["40", "1"]
    assert "metrics.val_accuracy" in lines
    assert "params.seed" not in lines
    assert "more are the same of all; --all shows them" in err
    assert "params.seed" in trained("model", "compare", one, other, "--all")[0]
    differs = trained.json("compare", one, other)["differs"]
    assert differs["params.trees"] == [40, 1]


def test_a_model_is_named_and_tagged_by_people(trained: Shell) -> None:
    key = trained("model", "ls", "-q", "--limit", "1")[0].strip()
    made = trained.json("show", key)["models"][0]["name"]
    assert trained("model", "rename", key, "iris in production")[0] == f"{key} is now called iris in production\n"
    assert trained("model", "tag", "iris in production", "prod", "v1")[0] == f"{key}: prod v1\n"
    assert trained("model", "ls", "-q", "--tag", "prod")[0].strip() == key
    assert trained("model", "tag", key, "--remove", "prod", "--remove", "v1")[0] == f"{key}: no tags\n"
    other = trained("model", "ls", "-q")[0].split()[1]
    assert "another model is called" in trained("model", "rename", other, "iris in production", code=1)[1]
    trained("model", "rename", key, made)


def test_what_is_not_there_is_told_with_the_nearest(trained: Shell) -> None:
    key = trained("model", "ls", "-q", "--limit", "1")[0].strip()
    _, err = trained("model", "show", f"{key[:-1]}x", code=2)
    assert f"error: there is no model '{key[:-1]}x'\nhint: did you mean " in err
    assert "is how several models' keys begin" in trained("model", "show", "random", code=2)[1]


def test_a_model_predicts_what_it_learned_unless_there_is_a_pickle_in_it(trained: Shell) -> None:
    out, _ = trained("model", "predict", "last", "iris.csv")
    heading, *rows = out.splitlines()
    assert heading == "prediction,probability_setosa,probability_versicolor,probability_virginica"
    right = [row.rpartition(",")[2] for row in (trained.cwd / "iris.csv").read_text().splitlines()[1:]]
    predicted = [row.partition(",")[0] for row in rows]
    assert sum(a == b for a, b in zip(right, predicted, strict=True)) > 140
    told = trained.json("predict", "last", "iris.csv", "-o", "out.csv")
    assert told["rows"] == 150
    assert (trained.cwd / "out.csv").read_text().splitlines() == [heading, *rows]
    [cached] = (Path(trained.env["PACELINE_HOME"]) / "cache" / "models").iterdir()
    (cached / "model.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    _, err = trained("model", "predict", "last", "iris.csv", code=2)
    assert "model.pkl is a pickle; loading one runs whatever its author put into it" in err


def test_words_that_begin_a_key_are_completed(trained: Shell) -> None:
    key = trained("model", "ls", "-q", "--limit", "1")[0].strip()
    typed = {"_PACELINE_COMPLETE": "bash_complete", "COMP_WORDS": "paceline model show random", "COMP_CWORD": "3"}
    program = [sys.executable, "-c", "from paceline.cli.main import main; main()"]
    done = subprocess.run(program, env={**trained.env, **typed}, capture_output=True, text=True, check=True, timeout=60)
    assert f"plain,{key}" in done.stdout.splitlines()


def test_a_catalogue_that_does_not_answer_holds_up_nothing_else(new_fleet: "Fleet", tmp_path: Path) -> None:
    new_fleet.env["PACELINE_CATALOG"] = "mongodb://ada:secret@127.0.0.1:1/?serverSelectionTimeoutMS=50"
    new_fleet.start_server()
    new_fleet.start_worker()
    sh = Shell(home=new_fleet.home, cwd=tmp_path, patience=90.0)
    assert sh("run", "-q", "--", "echo", "hello")[0] == "hello\n"
    _, err = sh("model", "ls", code=75)
    assert "the MongoDB at 127.0.0.1:1 does not answer" in err
    said = new_fleet.said("server")
    assert "catalog: the MongoDB at 127.0.0.1:1 does not answer" in said
    assert "secret" not in said + err


def test_at_a_terminal_it_asks_before_it_removes(trained: Shell) -> None:
    key = trained("model", "ls", "-q", "--limit", "1")[0].strip()
    keyboard, terminal = pty.openpty()
    asking = subprocess.Popen(
        [sys.executable, "-m", "paceline", "model", "rm", key],
        env=trained.env,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
    )
    os.close(terminal)
    os.write(keyboard, b"n\n")
    out, _ = asking.communicate(timeout=60)
    asked = os.read(keyboard, 10_000).decode()
    os.close(keyboard)
    assert (asking.returncode, out) == (130, b"")
    assert key in asked
    assert "Remove 1 model? [y/N]:" in asked
    assert trained("model", "show", "-q", key)[0].strip() == key
