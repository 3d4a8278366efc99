"""Log lines: what stands in them, what never does, and that nobody but us can write one."""

import io
import json
import logging
import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline import telemetry
from paceline.grammar.level import parse_level, parse_log_format
from paceline.model.errors import UsageError
from paceline.telemetry.lines import clean, read, readable
from tests.telemetry.conftest import Lines

TOKEN = "pl_admin_" + "S3cret-" * 6


def console(level: str = "info") -> io.StringIO:
    out = io.StringIO()
    telemetry.configure("server", level=level, form="console", to=out)
    return out


def test_a_line_is_an_object_of_event_and_fields(lines: Lines) -> None:
    telemetry.log("server").info("worker joined", worker="w1", job=3, task="3.17", counts={"FAILED": 2})
    [line] = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info",
        "process": "test",
        "event": "worker joined",
        "worker": "w1",
        "job": 3,
        "task": "3.17",
        "counts": {"FAILED": 2},
    }


def test_for_people_it_is_columns(quiet: None) -> None:
    out = console()
    telemetry.log("server").warning("worker lost", worker="w1", reason="no beat for 20 s", tasks=[1, 2])
    text = out.getvalue()
    assert re.fullmatch(r'\d\d:\d\d:\d\d\.\d{3} warning worker lost  worker=w1 reason="no beat for 20 s" .*\n', text)
    assert text.endswith('tasks="[1, 2]"\n')


@pytest.mark.parametrize(("level", "heard"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_levels(level: str, heard: int, quiet: None) -> None:
    out = console(level)
    log = telemetry.log("server")
    for say in (log.debug, log.info, log.warning, log.error):
        say("something")
    assert len(out.getvalue().splitlines()) == heard
    assert log.detailed is (level == "debug")


def test_an_error_is_told_with_its_traceback(lines: Lines) -> None:
    try:
        raise ValueError("bad value")
    except ValueError as error:
        telemetry.log("server").error("no answer", error, path="/api/jobs")
    [line] = lines()
    assert line["error"].startswith("Traceback")
    assert line["error"].endswith("ValueError: bad value")


def test_libraries_speak_through_it_too_from_warnings_on(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received: %s", "x\ny")
    logging.getLogger("uvicorn.error").info("Started")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)  # the context manager above put the original way back
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    first, second = lines()
    assert (first["logger"], first["event"]) == ("uvicorn.error", "Invalid HTTP request received: x\ny")
    assert second["logger"] == "py.warnings"


def test_fields_of_every_line(quiet: None) -> None:
    out = io.StringIO()
    telemetry.configure("worker", level="info", form="json", to=out, worker="w1")
    telemetry.log("worker").info("linked", server="h:1")
    assert json.loads(out.getvalue())["worker"] == "w1"


def test_the_form_follows_the_terminal(quiet: None) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for out, begins in ((Terminal(), ""), (io.StringIO(), "{")):
        telemetry.configure("server", level="info", form="", to=out)
        telemetry.log("server").info("ready")
        assert out.getvalue().startswith("{") is bool(begins)


def test_a_full_disk_stops_nobody(quiet: None) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "no space left on device")

    telemetry.configure("server", level="info", form="json", to=Full())
    telemetry.log("server").info("ready")


# ── nobody else writes a line ───────────────────────────────────────────────────────────────────────────────────────

NASTY = 'x\n{"time":"2000","event":"forged"}\r\x1b[31mred\x1b[0m\x07\x00\x7f\x85\x9b2J\u2028\u202egnp.exe'


def test_a_text_ends_no_line_and_speaks_to_no_terminal(quiet: None) -> None:
    for form in ("json", "console"):
        out = io.StringIO()
        telemetry.configure("server", level="info", form=form, to=out)
        telemetry.log("server").info("job submitted", name=NASTY, labels={NASTY: [NASTY]})
        logging.getLogger("uvicorn.error").error(NASTY)
        lines = out.getvalue().split("\n")
        assert len(lines) == 3
        assert all(line.isprintable() for line in lines), form


@given(st.text(), st.text())
def test_whatever_the_text_a_line_is_one_line(event: str, value: str) -> None:
    text = readable({"time": "2026-01-01T10:00:00.000Z", "level": "info", "event": event, "name": value})
    assert text.isprintable()


def test_a_field_is_not_without_end() -> None:
    assert clean("x" * 5000) == "x" * 2000 + "…"


# ── secrets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"token {TOKEN} refused", "token pl_admin_… refused"),
        ("mongodb://ada:hunter2@db/models", "mongodb://ada:…@db/models"),
        ("Authorization: Bearer abcdefgh12345", "Authorization: Bearer …"),
        ("x" * 1990 + " mongodb://ada:hunter2@db", "x" * 1990 + " mongodb:/…"),
        ("https://example.org:3000/a@b", "https://example.org:3000/a@b"),
    ],
)
def test_what_looks_like_a_secret_is_not_told(text: str, told: str) -> None:
    assert clean(text) == told


def test_nor_where_it_hides(lines: Lines) -> None:
    log = telemetry.log("server")
    log.info("odd", deep={TOKEN: [TOKEN, {"a": TOKEN}]}, other=Exception(TOKEN))
    logging.getLogger("library").error("got %s", TOKEN)
    try:
        raise ValueError(TOKEN)
    except ValueError as error:
        log.error("no answer", error)
    assert len(lines()) == 3
    assert "S3cret" not in json.dumps(lines())


# ── reading one back, and what people write ─────────────────────────────────────────────────────────────────────────


def test_a_json_line_is_read_for_people(quiet: None) -> None:
    out = io.StringIO()
    telemetry.configure("server", level="info", form="json", to=out)
    telemetry.log("server").error("read-only", why="the disk is full")
    assert read(out.getvalue().rstrip()).endswith('error   read-only  why="the disk is full"')
    assert read("error: port is taken") == "error: port is taken"
    assert read('{"time":"broken') == '{"time":"broken'


@pytest.mark.parametrize(
    ("text", "level"),
    [("info", "info"), ("INFO", "info"), (" Warning ", "warning"), ("warn", "warning"), ("CRITICAL", "error")],
)
def test_a_level_is_read_whatever_its_case(text: str, level: str) -> None:
    assert parse_level(text, "--log-level") == level


@pytest.mark.parametrize(
    ("text", "hint"),
    [("inof", "did you mean info?"), ("debg", "did you mean debug?"), ("7", "one of debug, info, warning, error")],
)
def test_an_unknown_level_names_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"--log-level: there is no level '{text}'") as caught:
        parse_level(text, "--log-level")
    assert caught.value.hint == hint


def test_an_unknown_form_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="PACELINE_LOG_FORMAT: there is no log format 'jsn'") as caught:
        parse_log_format("jsn", "PACELINE_LOG_FORMAT")
    assert caught.value.hint == "did you mean json?"
