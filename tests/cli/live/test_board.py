"""How far tasks are: what is new, what is stale, what a curve keeps."""

import math

from paceline.cli.live.board import Board, latest
from paceline.cli.live.curve import LIMIT, Curve
from paceline.model.ids import JobId, TaskId
from tests.cli.live.reported import board, job, report

TASK = TaskId(JobId(3), 0)


def test_what_was_heard_before_is_not_new() -> None:
    heard = Board([job()])
    first, second = report(step=0, loss=1.0), report(step=1, loss=0.5)
    assert heard.hear((), [first]) == [first]
    assert heard.hear((), [first, second]) == [second]
    assert list(heard.standings[TASK].curves["loss"]) == [(0, 1.0), (1, 0.5)]


def test_an_earlier_attempt_changes_nothing() -> None:
    late = report(step=9, attempt=1, at=1100.0, loss=9.0)
    heard = board(report(step=4, attempt=2, at=1050.0, loss=0.5), late)
    assert heard.standings[TASK].attempt == 2
    assert heard.standings[TASK].values == {"loss": 0.5}


def test_the_curve_of_a_further_attempt_begins_where_it_resumed() -> None:
    first = [report(step=step, loss=1.0 - step / 10) for step in range(6)]
    second = [report(step=step, attempt=2, at=1100.0 + step, loss=0.5) for step in (3, 4)]
    heard = board(*first, *second)
    assert list(heard.standings[TASK].curves["loss"]) == [(0, 1.0), (1, 0.9), (2, 0.8), (3, 0.5), (4, 0.5)]


def test_the_curve_of_an_attempt_that_begins_anew_is_new() -> None:
    heard = board(*(report(step=step, loss=1.0) for step in range(6)), report(attempt=2, at=1100.0, loss=2.0))
    assert list(heard.standings[TASK].curves["loss"]) == [(0, 2.0)]


def test_the_same_step_again_replaces() -> None:
    heard = board(report(step=1, loss=1.0), report(step=1, at=1002.0, loss=0.7))
    assert list(heard.standings[TASK].curves["loss"]) == [(1, 0.7)]


def test_what_is_no_number_leaves_a_gap() -> None:
    heard = board(report(step=0, loss=1.0), report(step=1, loss="NaN"), report(step=2, loss=0.5))
    assert list(heard.standings[TASK].curves["loss"]) == [(0, 1.0), (2, 0.5)]
    assert len(heard.standings[TASK].curves["val_loss"]) == 0


def test_the_last_report_of_a_task_that_is_over_is_heard_but_not_shown() -> None:
    heard = board(report(step=0, loss=1.0))
    assert heard.end(TASK) is not None
    last = report(step=1, loss=0.5)
    assert heard.hear((), [last]) == [last]
    assert heard.standings == {}
    assert heard.end(TASK) is None


def test_a_job_has_moved_when_it_stands_otherwise() -> None:
    heard = Board()
    heard.hear([job(total=2)], ())
    assert [each.job for each in heard.moved] == [3]
    heard.hear([job(total=2)], ())
    assert heard.moved == []
    heard.hear([job(total=2, succeeded=2, state="SUCCEEDED")], ())
    assert len(heard.moved) == 1
    assert heard.running_jobs() == []


def test_who_reported_last() -> None:
    heard = board(*(report(index, at=1000.0 + index % 3) for index in range(5)))
    assert [each.task.index for each in latest(heard.standings.values(), 2)] == [2, 1]


def test_a_long_curve_keeps_its_shape_and_its_ends() -> None:
    curve = Curve()
    for step in range(10 * LIMIT):
        curve.add(step, math.exp(-step / 1000))
    points = list(curve)
    assert LIMIT / 2 <= len(points) <= LIMIT + 1
    assert points[0] == (0, 1.0)
    assert points[-1][0] == 10 * LIMIT - 1
