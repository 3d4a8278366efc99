"""How checks are done: none waits for another, hides it, or hangs for good."""

import asyncio
import json
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from paceline.cli.commands.doctor import chosen
from paceline.cli.doctor.finding import Finding, State, ok
from paceline.cli.doctor.rounds import Check, Local, Remote, examine
from paceline.cli.doctor.surroundings import Surroundings
from paceline.cli.doctor.table import CHECKS
from paceline.cli.doctor.visit import Answer
from paceline.cli.main import run
from paceline.model.errors import UsageError
from tests.cli.doctor.around import free_port, near, told


def done(around: Surroundings, *checks: Check, limit: float = 5.0) -> list[Finding]:
    results = asyncio.run(examine(around, checks, limit))
    return [finding for result in results for finding in result.findings]


def fine(around: Surroundings) -> Iterable[Finding]:
    yield ok("fine")


async def fine_too(around: Surroundings, answer: Answer) -> Iterable[Finding]:
    return [ok("fine, too")]


def broken(around: Surroundings) -> Iterable[Finding]:
    yield ok("so far")
    raise RuntimeError("oops")


def refused(around: Surroundings) -> Iterable[Finding]:
    raise UsageError("tls.ca: missing", hint="name it")


def test_what_one_meets_does_not_hide_the_others(tmp_path: Path) -> None:
    found = done(
        near(tmp_path, free_port()),
        Local(name="a", group="g", look=broken),
        Local(name="b", group="g", look=refused),
        Local(name="c", group="g", look=fine),
        Remote(name="d", group="g", look=fine_too),
    )
    assert told(found) == [
        ("problem", "could not be looked at: RuntimeError('oops')"),
        ("problem", "tls.ca: missing"),
        ("ok", "fine"),
        ("ok", "fine, too"),
    ]


def test_one_that_hangs_is_left_to_itself(tmp_path: Path) -> None:
    never = threading.Event()

    def hangs(around: Surroundings) -> Iterable[Finding]:
        never.wait()
        yield ok("in the end")

    found = done(
        near(tmp_path, free_port()),
        Local(name="a", group="g", look=hangs),
        Local(name="b", group="g", look=fine),
        limit=0.1,
    )
    never.set()
    assert [each.state for each in found] == [State.PROBLEM, State.OK]
    assert "took longer than 0.1 s" in found[0].finding


def test_some_are_chosen_by_name_or_group() -> None:
    assert [each.name for each in chosen(CHECKS, ["clock", "tasks"])] == [
        *("clock", "waiting", "packages", "failures", "black-holes"),
    ]
    assert chosen(CHECKS, []) == [*CHECKS]


def test_a_name_that_no_check_has() -> None:
    with pytest.raises(UsageError, match="--only: there is no check 'clocks'") as caught:
        chosen(CHECKS, ["clocks"])
    assert caught.value.hint == "did you mean 'clock'?"


def test_names_are_told_apart() -> None:
    names = [each.name for each in CHECKS]
    assert len({*names, *(each.group for each in CHECKS)}) == len(names) + 4


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has never started anything."""
    monkeypatch.setenv("PACELINE_HOME", str(tmp_path / "none"))
    for name in ("SERVER", "TOKEN"):
        monkeypatch.delenv(f"PACELINE_{name}", raising=False)


@pytest.mark.usefixtures("nobody")
def test_a_fresh_user_is_told_how_to_begin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "XX  known" in said
    assert "-> start one here with `paceline up`" in said
    assert "no server is known" in said
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("nobody")
def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json", "--only", "server"]) == 1
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert checks[0].keys() == {"check", "group", "state", "finding", "todo", "fields"}
    assert {each["state"] for each in checks} == {"problem", "skipped", "ok"}


@pytest.mark.usefixtures("nobody")
def test_quietly_it_names_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "-q"]) == 1
    assert "known" in capsys.readouterr().out.split()
    assert run(["doctor", "-q", "--only", "python"]) == 0
    assert capsys.readouterr().out == ""
