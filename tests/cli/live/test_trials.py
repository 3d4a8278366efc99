"""The table of a sweep's trials: who is shown first, and that it fits."""

from io import StringIO

import pytest
from rich.console import Console

pytest.importorskip("optuna")

from paceline.cli.live.trials import TrialScreen
from paceline.model.ids import JobId, TaskId
from paceline.orders.metric import Direction
from paceline.sdk.sweeps.driver import LiveTrial, State


def trial(number: int, state: State, value: float | None = None, step: int = -1) -> LiveTrial:
    task = TaskId(JobId(7), number)
    params: dict[str, object] = {"lr": 0.1 * number, "net": "big"}
    return LiveTrial(number=number, task=task, params=params, state=state, value=value, step=step)


def shown(*trials: LiveTrial, way: Direction = "min", width: int = 80, height: int = 24) -> list[str]:
    """The lines of the last picture, without its heading."""
    console = Console(file=StringIO(), force_terminal=True, color_system=None, width=width, height=height)
    screen = TrialScreen(console, "val_loss", way)
    for each in trials[:-1]:
        screen.tell(each)
    with console.capture() as captured, screen:
        screen.tell(trials[-1])
    lines = captured.get().splitlines()
    last = max(number for number, line in enumerate(lines) if "TRIAL" in line)
    return [line for line in lines[last + 1 :] if "7." in line]


def test_what_runs_is_first_then_the_best() -> None:
    lines = shown(
        trial(0, "failed"),
        trial(1, "pruned", 0.1, 3),
        trial(2, "complete", 0.5, 9),
        trial(3, "complete", 0.25, 9),
        trial(4, "running"),
    )
    assert [line.split()[:3] for line in lines] == [
        ["4", "7.4", "RUNNING"],
        ["3", "7.3", "COMPLETE"],
        ["2", "7.2", "COMPLETE"],
        ["1", "7.1", "PRUNED"],
        ["0", "7.0", "FAILED"],
    ]
    assert lines[1].split()[3:] == ["9", "0.25", "0.3", "big"]


def test_more_is_better_where_it_is() -> None:
    lines = shown(trial(0, "complete", 0.5), trial(1, "complete", 0.9), way="max")
    assert [line.split()[0] for line in lines] == ["1", "0"]


def test_it_fits_the_terminal() -> None:
    lines = shown(*(trial(number, "running") for number in range(50)), width=30, height=10)
    assert len(lines) == 6
    assert all(len(line) <= 30 for line in lines)
