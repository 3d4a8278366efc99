"""What the rows of an array are told before anything runs."""

import json
from collections.abc import Mapping, Sequence

import pytest

from paceline.model.errors import UsageError
from paceline.orders.work import prepare


def refusal(params: Mapping[str, object], rows: Sequence[object]) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        prepare("train", params, [json.dumps(row).encode() for row in rows])
    return caught.value.message, caught.value.hint


def grid(count: int, **last: object) -> list[Mapping[str, object]]:
    """Good rows, and one more."""
    return [*({name: 1 if name == "trees" else "auto" for name in last} for _ in range(count)), last]


@pytest.mark.parametrize(
    ("rows", "message", "hint"),
    [
        (grid(17, trees=0), "row 17: train.trees: 0: expected `int` >= 1", ""),
        (grid(0, trees=0), "row 0: train.trees: 0: expected `int` >= 1", ""),
        (grid(3, task="clasification"), "row 3: train.task: 'clasification': not one of its words", "'classification'"),
        ([{}, {"tree": 5}], "row 1: train.tree: there is no such parameter", "did you mean 'trees'?"),
        ([{}, {"target": "y", "drop": ["y"]}], "row 1: train.drop: 'y' is the target", ""),
        ([{}, [1]], "row 1: train takes a mapping of parameters, got [1]", ""),
    ],
)
def test_what_is_wrong_with_a_row_is_told_with_its_number(rows: Sequence[object], message: str, hint: str) -> None:
    said, advice = refusal({"data": "a.csv"}, rows)
    assert said == message
    assert hint in advice


def test_what_is_wrong_without_any_row_is_told_without() -> None:
    assert refusal({"data": "a.csv", "seed": -1}, [{"trees": 5}])[0] == "train.seed: -1: expected `int` >= 0"
    assert refusal({}, [{"trees": 5}])[0] == "train: object missing required field `data`"


def test_what_every_row_sets_need_not_be_said_before() -> None:
    work = prepare("train", {}, [b'{"data": "a.csv"}', b'{"data": "b.csv", "model": "xgboost"}'])
    assert json.loads(work.body) == {"data": "a.csv"}
    assert work.need.features == ("train.random_forest", "train.xgboost")
