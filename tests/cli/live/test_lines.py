"""Progress for log files and programs, and how tasks ended."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pytest

from paceline.cli.face import Face
from paceline.cli.live.endings import Endings, ending_of, returned
from paceline.cli.live.lines import AT_ONCE, JsonLines, TextLines
from paceline.model.ids import JobId, TaskId
from paceline.model.views import ReportView, ResultRow, TaskView
from paceline.testing import FakeClock
from tests.cli.live.reported import board, job, report
from tests.cli.live.tasks import Tasks, over, read_all

if TYPE_CHECKING:
    from paceline.sdk.client import Client

TASK = TaskId(JobId(3), 0)


def lines(shown: TextLines, clock: FakeClock, reports: Sequence[ReportView]) -> None:
    """Tell them one a second."""
    heard = board()
    for each in reports:
        shown.show(heard, heard.hear((), [each]))
        clock.advance(1.0)


def test_a_line_a_second_at_first_and_fewer_later(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    lines(TextLines(Face(), clock), clock, [report(step=step, loss=0.5) for step in range(3600)])
    told = capsys.readouterr().err.splitlines()
    assert told[:3] == ["3.0: step 0  loss 0.5", "3.0: step 1  loss 0.5", "3.0: step 2  loss 0.5"]
    assert 50 < len(told) < 200
    assert "\x1b" not in "".join(told)


def test_a_further_attempt_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines(TextLines(Face(), FakeClock()), FakeClock(), [report(step=4, attempt=2, loss=0.5)])
    assert capsys.readouterr().err == "3.0 (attempt 2): step 4  loss 0.5\n"


def test_many_tasks_share_the_pace(capsys: pytest.CaptureFixture[str]) -> None:
    heard = board()
    TextLines(Face(), FakeClock()).show(heard, heard.hear((), [report(index, loss=1.0) for index in range(1000)]))
    assert len(capsys.readouterr().err.splitlines()) == AT_ONCE


def test_json_tells_every_report_and_every_end(capsys: pytest.CaptureFixture[str]) -> None:
    heard = board()
    shown = JsonLines(Face(json=True))
    shown.show(heard, heard.hear([job(succeeded=1)], [report(step=step, loss=0.5) for step in range(2)]))
    shown.end(ending_of(over(0), heard.end(TASK)))
    moved, first, second, end = map(json.loads, capsys.readouterr().out.splitlines())
    assert (moved["type"], moved["job"]["succeeded"]) == ("job", 1)
    assert (first["type"], first["task"], first["report"]["step"]) == ("report", "3.0", 0)
    assert second["report"]["values"] == {"loss": 0.5}
    assert (end["type"], end["task"]["id"], end["metrics"], end["model"]) == ("task", "3.0", {"loss": 0.5}, "")


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (b'{"metrics": {"val_r2": 0.9, "r2": 0.95}, "key": "forest-r2-0p9"}', "val_r2 0.9"),
        (b'{"rows": 7}', "loss 0.5"),
        (b"[1, 2]", "loss 0.5"),
        (b"\x80pickled", "loss 0.5"),
        (b"", "loss 0.5"),
    ],
)
def test_an_end_says_how_well_it_went(result: bytes, told: str) -> None:
    standing = board(report(loss=0.5)).standings[TASK]
    row = ResultRow(index=0, number=1, outcome="SUCCEEDED", code=0, detail="", result=result, seconds=1.5)
    assert str(ending_of(over(0), standing, returned(over(0), [row]))).endswith(f"after 1.5s: {told}")


def test_an_end_without_a_loss_says_what_there_is() -> None:
    standing = board(report(reward=7.5, phase="hot", progress=1.0)).standings[TASK]
    assert str(ending_of(over(0), standing)).endswith("after 1.5s: reward 7.5  phase hot")


def test_an_end_names_the_model() -> None:
    standing = board(report(loss=0.5)).standings[TASK]
    assert str(ending_of(over(0), standing, model="Forest_R2-0.9_Dec16")).endswith(
        "loss 0.5  model Forest_R2-0.9_Dec16"
    )


def test_an_end_says_what_went_wrong() -> None:
    failed = TaskView(
        job=3,
        index=0,
        state="FAILED",
        attempt=2,
        worker="w1",
        outcome="FAILED",
        code=3,
        detail="exit code 3",
        seconds=90.0,
    )
    standing = board(report(loss=0.5, simulated=True)).standings[TASK]
    told = str(ending_of(failed, standing))
    assert told.startswith("3.0 simulated ")
    assert told.endswith(" after 1m30s (attempt 2 on w1): FAILED: exit code 3  loss 0.5")


def test_ends_are_found_where_they_can_be() -> None:
    tasks = Tasks(100_000)
    endings = Endings(cast("Client", tasks), 3)
    tasks.over(0, 1, 3)
    assert read_all(endings, job(total=100_000, succeeded=3)) == [0, 1, 3]
    asked = tasks.asked
    tasks.over(2, 4)
    assert read_all(endings, job(total=100_000, succeeded=5)) == [2, 4]
    assert tasks.asked - asked <= 2
    assert read_all(endings, job(total=100_000, succeeded=5)) == []


def test_an_end_is_not_told_before_the_job_shows_it() -> None:
    tasks = Tasks(10)
    endings = Endings(cast("Client", tasks), 3)
    tasks.over(5, 2)
    assert read_all(endings, job(total=10, succeeded=1)) == [5]
    assert read_all(endings, job(total=10, succeeded=2)) == [2]


def test_all_ends_of_a_large_job_are_found() -> None:
    tasks = Tasks(2500)
    tasks.over(*range(2500))
    assert len(read_all(Endings(cast("Client", tasks), 3), job(total=2500, succeeded=2500))) == 2500
