"""What may be asked of ``train``, and the words in which the rest is refused."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from paceline import kinds
from paceline.model.errors import UsageError
from paceline.orders.work import read_params
from paceline.tasks.train import TRAINERS
from paceline.tasks.train.params import RandomForestParams, TrainParams, XGBoostParams


def parse(**params: Any) -> TrainParams:
    parsed = kinds.parse("train", json.dumps({"data": "a.csv", **params}).encode())
    assert isinstance(parsed, TrainParams)
    return parsed


def test_a_path_is_enough() -> None:
    params = parse()
    assert isinstance(params, RandomForestParams)
    assert (params.model, params.trees, params.validation_split, params.task) == ("random_forest", 100, 0.2, "auto")


@pytest.mark.parametrize("value", ["auto", "sqrt", "log2", 3, 0.5, 1.0])
def test_max_features_is_a_rule_a_number_or_a_fraction(value: object) -> None:
    assert parse(max_features=value) == RandomForestParams(data="a.csv", max_features=value)  # type: ignore[arg-type]


def test_a_model_has_parameters_of_its_own() -> None:
    assert parse(model="xgboost", rounds=7) == XGBoostParams(data="a.csv", rounds=7)


def test_a_word_of_a_command_line_is_read_by_the_model_it_is_for() -> None:
    words = [("model", "xgboost"), ("rounds", "7"), ("reg_alpha", "1"), ("class_weight", '{"0": 2}')]
    assert read_params("train", words) == {
        "model": "xgboost",
        "rounds": 7,
        "reg_alpha": 1.0,
        "class_weight": {"0": 2.0},
    }


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"trees": 0}, "train.trees: 0: expected `int` >= 1"),
        ({"trees": "many"}, "train.trees: 'many': expected `int`, got `str`"),
        ({"max_depth": 0}, "train.max_depth: 0: expected `int` >= 1"),
        ({"min_samples_leaf": 0}, "train.min_samples_leaf: 0: expected `int` >= 1"),
        ({"max_features": 1.5}, "train.max_features: 1.5: expected `float` <= 1.0"),
        ({"max_features": "most"}, "train.max_features: 'most': not one of its words"),
        ({"validation_split": 0}, "train.validation_split: 0: expected `float` > 0.0"),
        ({"validation_split": 1}, "train.validation_split: 1: expected `float` < 1.0"),
        ({"seed": -1}, "train.seed: -1: expected `int` >= 0"),
        ({"task": "guess"}, "train.task: 'guess': not one of its words"),
        ({"report_every": -1}, "train.report_every: -1: expected `int` >= 0"),
        ({"drop": [1]}, "train.drop[0]: 1: expected `str`, got `int`"),
        ({"data": "a.xlsx"}, "train.data: 'a.xlsx' is not a kind of file that can be read"),
        ({"validation_data": "b"}, "train.validation_data: 'b' is not a kind of file that can be read"),
        ({"model": "random_forrest"}, "train.model: there is no model 'random_forrest'"),
        ({"features": ["a", "y"], "target": "y"}, "train.features: 'y' is the target, which cannot be learned from"),
        ({"features": ["a"], "drop": ["a"]}, "train.drop: 'a' is also among the features"),
        ({"target": "y", "drop": ["y"]}, "train.drop: 'y' is the target"),
        ({"tree": 5}, "train.tree: there is no such parameter"),
        ({"model": 5}, "train.model: there is no model 5"),
        ({"rounds": 5}, "train.rounds: this is a parameter of xgboost, not of random_forest"),
        (
            {"model": "xgboost", "min_samples_leaf": 5},
            "train.min_samples_leaf: this is a parameter of random_forest, not of xgboost",
        ),
        ({"model": "xgboost", "learning_rate": 2}, "train.learning_rate: 2: expected `float` <= 1.0"),
        ({"model": "xgboost", "patience": -1}, "train.patience: -1: expected `int` >= 0"),
        ({"model": "xgboost", "device": "gpu"}, "train.device: 'gpu': not one of its words"),
        ({"class_weight": "even"}, "train.class_weight: 'even': not one of its words"),
        ({"class_weight": {"a": 0}}, "train.class_weight[...]: {'a': 0}: expected `float` > 0.0"),
        ({"class_weight": "balanced", "task": "regression"}, "train.class_weight: a regression has no classes"),
        ({"checkpoint_seconds": 0}, "train.checkpoint_seconds: 0: expected `float` > 0.0"),
    ],
)
def test_a_wrong_value_is_named(params: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(**params)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("params", "hint"),
    [
        ({"model": "random_forrest"}, "did you mean 'random_forest'?"),
        ({"model": "gpt"}, f"there are: {', '.join(TRAINERS)}"),
        ({"tree": 5}, "did you mean 'trees'?"),
        ({"rounds": 5}, "leave it out, or model: xgboost"),
        ({"class_weight": "even"}, "one of balanced, none"),
        ({"task": "guess"}, "one of auto, classification, regression"),
        ({"max_features": "most"}, "one of auto, log2, sqrt"),
        ({"max_features": "sqr"}, "did you mean 'sqrt'?"),
        ({"data": "a.xlsx"}, "one of .csv, .tsv, .parquet, .npz"),
    ],
)
def test_what_to_do_instead(params: dict[str, object], hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(**params)
    assert caught.value.hint == hint


def test_data_is_needed() -> None:
    with pytest.raises(UsageError, match="train: object missing required field `data`"):
        kinds.parse("train", b"{}")


def test_words_of_a_command_line_are_read_by_the_type_they_are_for() -> None:
    words = [("trees", "0"), ("max_depth", "null"), ("max_features", "0.5"), ("drop", '["a"]'), ("target", "7")]
    assert read_params("train", words) == {
        "trees": 0,  # refused later, as a number
        "max_depth": None,
        "max_features": 0.5,
        "drop": ["a"],
        "target": "7",
    }


def test_a_task_of_a_grid_brings_its_own_values() -> None:
    params = kinds.parse("train", b'{"data": "a.csv", "trees": 5, "seed": 3}', b'{"trees": 7, "max_depth": null}')
    assert (params.trees, params.max_depth, params.seed) == (7, None, 3)
    with pytest.raises(UsageError, match="train.trees: 0: expected `int` >= 1"):
        kinds.parse("train", b'{"data": "a.csv"}', b'{"trees": 0}')


def test_a_worker_must_have_the_model() -> None:
    kind = kinds.find("train")
    assert kind.features(parse()) == ("train.random_forest",)
    assert kind.features(parse(model="xgboost")) == ("train.xgboost",)
    assert {"train.random_forest", "train.xgboost"} <= set(kind.available())


@pytest.mark.parametrize("model", ["", *TRAINERS])
def test_every_parameter_is_documented_with_its_default(model: str) -> None:
    page = (Path(__file__).parents[3] / "docs/reference/train.md").read_text()
    section = page.split("## Parameters" if not model else f"### `{model}`")[1].split("\n#")[0]
    words = {"required": "NODEFAULT", "none": "", "the last one": "", "all but the target": "", "`null`": "None"}
    told = {
        name: words.get(default, default.strip("`"))
        for name, default in re.findall(r"^\| `(\w+)` \|.* \| (.*) \|$", section, re.MULTILINE)
    }
    assert told == {each.name: default_of(each) for each in own_fields(model)}


def own_fields(model: str) -> list[msgspec.structs.FieldInfo]:
    """Those of every model, or those that a model has beside them."""
    common = msgspec.structs.fields(TrainParams)
    if not model:
        return list(common)
    known = {each.name for each in common}
    return [each for each in msgspec.structs.fields(TRAINERS[model].params) if each.name not in known]


def default_of(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is list:
        return ""
    return str(list(field.default) if isinstance(field.default, tuple) else field.default)


def test_asking_imports_no_numerical_library() -> None:
    script = (
        "import json, sys\n"
        "from paceline import kinds\n"
        "kinds.parse('train', json.dumps({'data': 'a.csv'}).encode())\n"
        "kinds.find('train').available()\n"
        "print(sorted({'numpy', 'pyarrow', 'sklearn', 'skops', 'xgboost', 'torch'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
