"""Tables of what tasks report: what is shown, and what goes first where there is no room."""

from typing import Any

import pytest

from paceline.cli.live.columns import bar, figure, grid, told
from paceline.model.ids import JobId, TaskId
from tests.cli.live.reported import SCORES, TRAINING, board, report

TASK = TaskId(JobId(3), 0)


def shown(width: int, *values: dict[str, Any], attempt: int = 1) -> list[str]:
    """The table of one task per mapping."""
    heard = board(*(report(index, 4, attempt=attempt, **each) for index, each in enumerate(values)))
    return grid(list(heard.standings.values()), width)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            140,
            [
                "TASK  NAME    EPOCH  LOSS  VAL_LOSS  ACCURACY  SAMPLES/S  DONE                             ETA",
                "3.0   digits      9   0.5     0.625     0.953     12,346   45% ━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌  1m12s",
            ],
        ),
        (
            90,
            [
                "TASK  NAME    EPOCH  LOSS  VAL_LOSS  ACCURACY  SAMPLES/S  DONE                         ETA",
                "3.0   digits      9   0.5     0.625     0.953     12,346   45% ━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌  1m12s",
            ],
        ),
        (
            60,
            [
                "TASK  EPOCH  LOSS  VAL_LOSS  ACCURACY  DONE              ETA",
                "3.0       9   0.5     0.625     0.953   45% ━━━━╌╌╌╌╌  1m12s",
            ],
        ),
        (
            30,
            [
                "TASK  LOSS  VAL_LOSS  ACCURACY",
                "3.0    0.5     0.625     0.953",
            ],
        ),
        (1, ["TASK", "3.0"]),
    ],
)
def test_it_fits(width: int, lines: list[str]) -> None:
    assert shown(width, TRAINING | SCORES) == lines


def test_what_nobody_reports_has_no_column() -> None:
    assert shown(100, {"reward": 2.5, "phase": "warm-up"}) == [
        "TASK  NAME    STEP  REWARD    PHASE",
        "3.0   digits     4     2.5  warm-up",
    ]


def test_further_attempts_and_simulations_are_marked() -> None:
    assert shown(100, {"loss": 1.0, "simulated": True}, attempt=2) == [
        "TASK           NAME    TRY  STEP  LOSS",
        "3.0 simulated  digits    2     4     1",
    ]


def test_models_that_count_differently_share_a_column() -> None:
    assert shown(100, {"trees": 50, "r2": 0.9}, {"rounds": 7, "val_r2": 0.8, "r2": 0.95}) == [
        "TASK  NAME    STEP   R2",
        "3.0   digits    50  0.9",
        "3.1   digits     7  0.8",
    ]


def test_values_of_many_names_leave_room_for_the_usual_ones() -> None:
    heading, _ = shown(200, {"loss": 1.0, "a": 1, "b": 2, "c": 3, "d": 4, "lists": [1, 2]})
    assert heading.split() == ["TASK", "NAME", "STEP", "LOSS", "A", "B", "C"]


def test_nothing_that_is_reported_moves_the_cursor() -> None:
    _, line = shown(100, {"phase": "\x1b[2Jone\ntwo and a good deal more"})
    assert line.endswith("\\u001b[2Jone\\nt…")
    wild = board(report(step=4, **{"\x1b[2J\n": 1})).standings[TASK]
    assert told(wild) == "step 4  \\u001b[2J\\n 1"


def test_in_one_line() -> None:
    standing = board(report(step=4, **TRAINING, **SCORES)).standings[TASK]
    assert told(standing) == "epoch 9  loss 0.5  val_loss 0.625  val_accuracy 0.953  12,346 samples/s  45%  eta 1m12s"
    assert told(board(report(step=4, phase="b")).standings[TASK]) == "step 4  phase b"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (1234.56, "1,235"),
        (1204, "1,204"),
        ("NaN", "NaN"),
        (True, "True"),
        (0.00001234, "1.234e-05"),
    ],
)
def test_numbers(value: object, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(("part", "text"), [(0, "╌╌╌╌"), (0.5, "━━╌╌"), (1.0, "━━━━"), (7, "━━━━"), (-1, "╌╌╌╌")])
def test_bars(part: float, text: str) -> None:
    assert bar(part, 4) == text
