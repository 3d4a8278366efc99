"""How results look: tails of output, tables, ages, exit codes, JSON forms."""

import json
import os
import sys
from dataclasses import replace

import click
import pytest

from paceline.cli import exits
from paceline.cli.face import Face
from paceline.cli.forms import form, result
from paceline.cli.output import Tail
from paceline.cli.table import pairs, state, table
from paceline.cli.words import about, age, brief, ending, explained, progress
from paceline.model.task import Outcome
from paceline.model.views import Cause, EventView, Explanation, JobView, LogPage, ResultRow, TaskView

JOB = JobView(
    job=3,
    name="train",
    kind="command",
    state="RUNNING",
    total=10,
    waiting=4,
    running=2,
    succeeded=3,
    failed=1,
    cancelled=0,
    submitted_at=1000.0,
)
TASK = TaskView(job=3, index=7, state="FAILED", attempt=2, worker="w1", outcome="FAILED", code=3, detail="exit code 3")
ROW = ResultRow(index=0, number=1, outcome="SUCCEEDED", code=0, detail="", result=b"", seconds=1.5)


def page(start: int, data: bytes, size: int) -> LogPage:
    return LogPage(start=start, data=data, size=size)


def test_the_tail_of_what_is_there_and_then_everything() -> None:
    tail = Tail(lines=2)
    assert tail.feed(page(0, b"1\n2\n", 8)) == b""
    assert tail.feed(page(4, b"3\n4\n", 8)) == b"3\n4\n"
    assert tail.feed(page(8, b"5\n6\n7\n", 14)) == b"5\n6\n7\n"
    assert tail.flush() == b""


def test_the_tail_of_output_that_ends_early() -> None:
    tail = Tail(lines=1)
    assert tail.feed(page(0, b"1\n2\nhalf", 100)) == b""
    assert tail.flush() == b"half"


def test_a_tail_of_no_lines() -> None:
    assert Tail(lines=0).feed(page(0, b"1\n2\n", 4)) == b""


def test_columns_are_as_wide_as_they_must_be() -> None:
    text = table(("ID", "NAME"), [("1", "a"), ("100", "bcd")], empty="none")
    assert [line.rstrip() for line in text.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()] == [
        "ID   NAME",
        "1    a",
        "100  bcd",
    ]
    assert table(("ID",), [], empty="none") == "none"


WILD = "ValueError: \x1b]0;title\x07\x1b[2J\n3.8  SUCCEEDED"


def test_what_programs_say_breaks_no_row_and_speaks_to_no_terminal() -> None:
    told = ending(replace(TASK, detail=WILD))
    shown = table(("TASK", "STATE", WILD), [("3.7", state("FAILED"), told)], empty="")
    told_in_pairs = pairs([("ending", told), (WILD, state("FAILED") + f" ({WILD})")])
    for text in (shown, told_in_pairs):
        lines = click.unstyle(text).splitlines()
        assert len(lines) == 2
        assert all(line.isprintable() for line in lines)
    assert "\\n3.8  SUCCEEDED" in shown


def test_our_own_colours_stay() -> None:
    many = replace(JOB, state="RUNNING")
    shown = table(("STATE", "NAME"), [(progress(many), "a"), (state("GONE"), "b")], empty="")
    assert shown.splitlines()[1:] == ["\x1b[36mRUNNING\x1b[0m 4/10, 1 failed  a", "GONE                    b"]


def test_pairs_leave_out_what_is_empty() -> None:
    assert "b" not in pairs([("a", "1"), ("b", "")])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0s"),
        (0.25, "0.2s"),
        (12.7, "12s"),
        (599, "9m59s"),
        (601, "10m"),
        (3601, "1h"),
        (7801, "2h10m"),
        (90_000, "1d1h"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1023, "1023 B"), (8 << 30, "8 GiB"), (3 << 39, "1.5 TiB")])
def test_sizes_for_people(size: int, text: str) -> None:
    assert about(size) == text


def test_progress_of_one_and_of_many() -> None:
    assert "4/10, 1 failed" in progress(JOB)
    assert "/" not in progress(replace(JOB, total=1))


def test_an_explanation_names_causes_miss_and_change() -> None:
    cause = Cause(code="BUSY", text="all is taken", fields={})
    told = Explanation(job=3, index=0, state="WAITING", causes=[cause], nearest="w1 lacks 1 cpu", change="cpus: 1")
    assert explained(told).splitlines() == [
        "  BUSY: all is taken",
        "  nearest: w1 lacks 1 cpu",
        "  to let it start: cpus: 1",
    ]


def test_endings() -> None:
    assert ending(TASK) == "FAILED: exit code 3"
    assert ending(replace(TASK, outcome="SUCCEEDED")) == ""


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (replace(ROW, result=b'{"loss":0.1}'), '{"loss":0.1}'),
        (replace(ROW, result=b"[%s]" % (b"1," * 60 + b"1")), "[" + "1," * 49 + "1…"),
        (replace(ROW, result='"\x7fü"'.encode()), r'"\u007f\u00fc"'),
        (replace(ROW, result=b"\x80\x05N."), "pickled, 4 bytes"),
        (replace(ROW, result=b"\xff\xfe1\0"), "4 bytes"),
        (ROW, ""),
        (replace(ROW, outcome="FAILED", detail="exit code 3"), "exit code 3"),
    ],
)
def test_results_in_a_line(row: ResultRow, text: str) -> None:
    assert brief(row) == text


@pytest.mark.parametrize(
    ("outcome", "code", "exit_code"),
    [
        (Outcome.SUCCEEDED, 0, 0),
        (Outcome.FAILED, 3, 3),
        (Outcome.FAILED, -9, 137),
        (Outcome.FAILED, 0, 1),
        (Outcome.TIMEOUT, -15, 124),
        (Outcome.OOM, -9, 137),
        (Outcome.LAUNCH, 0, 127),
        (Outcome.CANCELLED, -15, 130),
        (Outcome.LOST, 0, 1),
    ],
)
def test_exit_codes_of_one_task(outcome: Outcome, code: int, exit_code: int) -> None:
    assert exits.of_task(replace(TASK, outcome=outcome, code=code)) == exit_code


def test_exit_codes_of_several() -> None:
    good = replace(JOB, state="SUCCEEDED")
    assert exits.of_jobs([good, good]) == 0
    assert exits.of_jobs([good, JOB]) == 1
    assert exits.of_infrastructure([TASK]) == 0
    assert exits.of_infrastructure([TASK, replace(TASK, outcome="LOST")]) == 1


def test_json_of_views() -> None:
    job = form(JOB)
    assert (job["id"], job["submitted_at"], job["ended_at"]) == (3, "1970-01-01T00:16:40.000Z", None)
    assert form(TASK)["id"] == "3.7"
    event = EventView(seq=1, at=0.5, kind="job_kept", subject="3", body='{"a": 1}')
    assert form(event) == {
        "seq": 1,
        "at": "1970-01-01T00:00:00.500Z",
        "kind": "job_kept",
        "subject": "3",
        "body": {"a": 1},
    }


def test_json_of_results() -> None:
    def told(raw: bytes) -> tuple[object, object]:
        values = result(replace(ROW, result=raw))
        return values["result"], values["encoding"]

    assert told(b"[1]") == ([1], "json")
    assert told(b"") == (None, "json")
    assert told(b"\x80\x05") == ("gAU=", "base64")


def test_three_forms_of_a_result(capsys: pytest.CaptureFixture[str]) -> None:
    for face in (Face(), Face(json=True), Face(quiet=True)):
        face.show(lambda: {"jobs": [1]}, text=lambda: "one job", ids=[1])
    words, document, ids = capsys.readouterr().out.splitlines()
    assert (words, ids) == ("one job", "1")
    assert json.loads(document) == {"schema": "paceline/v1", "jobs": [1]}


def test_remarks_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    for face in (Face(), Face(json=True), Face(quiet=True)):
        face.remark("by the way")
        face.hint("only at a terminal")
    assert capsys.readouterr().err == "by the way\n"


def test_colour_on_a_terminal_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    main, terminal = os.openpty()
    with open(terminal, "w", closefd=True) as out:  # noqa: PTH123 - a descriptor, not a path
        monkeypatch.setenv("NO_COLOR", "1")
        stdout, sys.stdout = sys.stdout, out
        try:
            Face().show(dict, text=lambda: "\x1b[31mred\x1b[0m")
        finally:
            sys.stdout = stdout
        out.flush()
    assert os.read(main, 100) == b"red\r\n"
    os.close(main)
