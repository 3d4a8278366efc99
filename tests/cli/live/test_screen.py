"""What a terminal shows, recorded."""

import io
from typing import Any

import pytest
from rich.console import Console

from paceline.cli.live.board import Board
from paceline.cli.live.endings import ending_of
from paceline.cli.live.picture import picture
from paceline.cli.live.screen import Screen
from paceline.model.ids import JobId, TaskId
from paceline.model.views import TaskView
from tests.cli.live.reported import SCORES, TRAINING, board, job, report


def training(tasks: int = 1, total: int = 1) -> Board:
    """Some that have come ten epochs far."""
    values = [TRAINING | SCORES | {"epoch": epoch, "loss": 1 / (epoch + 1)} for epoch in range(10)]
    reports = [
        report(n, epoch, at=1000.0 + n + 100 * epoch, **each) for epoch, each in enumerate(values) for n in range(tasks)
    ]
    return board(*reports, total=total)


def drawn(heard: Board, width: int, height: int = 40) -> list[str]:
    """The picture with the curves of all its tasks, as text."""
    return picture(heard, list(heard.standings.values()), width, height).plain.splitlines()


@pytest.mark.parametrize("width", [60, 100, 140])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    lines = drawn(training(), width)
    assert lines[0].startswith("TASK")
    assert lines[1].startswith("3.0")
    assert lines[2].startswith("3.0 digits  ⠒ loss 0.1  o val_loss 0.625")
    assert len(lines) == 2 + 1 + 7 + 1
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("name", ["loss", "val_loss"])
def test_one_of_both_losses_is_a_curve_too(name: str) -> None:
    values: list[dict[str, Any]] = [{name: 1.0 - step / 10} for step in range(5)]
    lines = drawn(board(*(report(step=step, **each) for step, each in enumerate(values))), 60)
    assert lines[2].endswith(f"{name} 0.6")
    assert len(lines) == 2 + 1 + 7 + 1


def test_what_is_no_training_has_no_curve() -> None:
    assert drawn(board(*(report(step=step, rows=10 * step) for step in range(5))), 60) == [
        "TASK  NAME    STEP  ROWS",
        "3.0   digits     4    40",
    ]


def test_curves_stand_side_by_side_where_there_is_room() -> None:
    assert drawn(training(2), 140)[3].count("⠒ loss") == 2


def test_a_low_terminal_shows_no_curves() -> None:
    assert len(drawn(training(), 100, height=20)) == 2


def test_jobs_of_several_tasks_have_a_line() -> None:
    heard = training(2, total=8)
    assert drawn(heard, 100)[0] == "job 3 digits  ╌╌╌╌╌╌╌╌╌╌╌╌  0/8  8 running"


def test_what_there_is_no_room_for_is_counted() -> None:
    heard = training(1000, total=1000)
    heard.hear([job(number, total=2) for number in range(10, 20)], ())
    lines = picture(heard, [], 100, 30).plain.splitlines()
    assert lines[4] == "… and 7 more jobs"
    assert lines[-1] == "… and 980 more tasks that report"
    assert len(lines) == 5 + 1 + 20 + 1
    assert len(picture(heard, [], 100, 12).plain.splitlines()) < 12


def terminal(width: int, *, colour: bool = True) -> tuple[Console, io.StringIO]:
    """One of which every byte is recorded."""
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=width, height=40, no_color=not colour), out


def ended(index: int) -> TaskView:
    return TaskView(
        job=3,
        index=index,
        state="SUCCEEDED",
        attempt=1,
        worker="w1",
        outcome="SUCCEEDED",
        ended_at=1100.0,
        seconds=12.0,
    )


def test_a_task_that_is_over_leaves_a_line() -> None:
    console, out = terminal(100)
    heard = training(2)
    with Screen(console) as screen:
        screen.show(heard, ())
        standing = heard.end(TaskId(JobId(3), 0))
        screen.end(ending_of(ended(0), standing))
        screen.show(heard, ())
    assert "after 12s: loss 0.1  val_loss 0.625  val_accuracy 0.953" in out.getvalue()
    assert out.getvalue().count("SUCCEEDED") == 1


def test_without_colour_there_is_none() -> None:
    console, out = terminal(100, colour=False)
    with Screen(console) as screen:
        screen.show(training(), ())
    assert "\x1b[3" not in out.getvalue()


def test_the_terminal_is_left_alone_where_nothing_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    console, out = terminal(100)
    with Screen(console) as screen:
        screen.show(Board([job()]), ())
        screen.write("out", b"half a li")
        screen.write("err", b"oops\n")
    assert out.getvalue() == ""
    assert capfd.readouterr() == ("half a li", "oops\n")


def test_what_a_task_writes_goes_by_line_by_line(capfd: pytest.CaptureFixture[str]) -> None:
    console, out = terminal(100)
    with Screen(console) as screen:
        screen.show(training(), ())
        screen.write("err", b"one\ntw")
        assert "one\n" in out.getvalue()
        assert "tw\n" not in out.getvalue()
        screen.write("err", b"o\nthr")
        assert "two\n" in out.getvalue()
    assert capfd.readouterr().err == "thr"


def test_of_a_line_that_was_written_over_the_last_is_shown() -> None:
    console, out = terminal(100)
    with Screen(console) as screen:
        screen.show(training(), ())
        screen.write("err", b"\r 10%\r 50%\r100%\nwindows\r\n")
    assert "100%\nwindows\n" in out.getvalue()
    assert "50%" not in out.getvalue()


def test_curves_stay_with_who_goes_on() -> None:
    console, out = terminal(60, colour=False)
    heard = training(3)
    with Screen(console) as screen:
        screen.show(heard, ())
        heard.hear((), [report(0, 20, at=5000.0, loss=0.1)])
        screen.show(heard, ())
        assert "3.0 digits  ⠒" not in out.getvalue()
        heard.end(TaskId(JobId(3), 2))
        screen.show(heard, ())
    assert "3.0 digits  ⠒" in out.getvalue()
