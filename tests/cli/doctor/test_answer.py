"""What the server says: to our token, of its time, of its version."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from paceline import __version__
from paceline.cli.doctor import answer
from paceline.cli.doctor.finding import Finding, State
from paceline.cli.doctor.surroundings import Token
from paceline.cli.doctor.visit import Asked, Visit
from paceline.clock import SystemClock
from paceline.model.errors import NotAllowed, VersionMismatch
from paceline.sdk.client import Client
from paceline.sdk.replies import Info
from paceline.testing import FakeClock
from tests.cli.doctor.around import asked, free_port, near, served, told
from tests.server.conftest import serving


def info(version: str = __version__, trouble: str = "") -> Info:
    return Info(version=version, protocol=1, store="memory", started_at=0.0, epoch=1, pid=7, now=60.0, trouble=trouble)


def visited(home: Path, check: Asked, told: Info) -> list[Finding]:
    async def ask() -> Iterable[Finding]:
        around = near(home)
        async with Client(around.options) as client:
            return await check(around, Visit(client=client, info=told, ahead=0.0, took=0.001))

    return [*asyncio.run(ask())]


def test_all_is_well(tmp_path: Path) -> None:
    found = served(tmp_path, answer.answers, answer.token, answer.version, answer.clock, answer.accepts)
    assert [each.state for each in found] == [State.OK] * 5
    assert found[1].fields["role"] == "admin"


def test_a_token_that_is_not_good(tmp_path: Path) -> None:
    async def ask() -> list[Finding]:
        async with serving(tmp_path) as server:
            around = near(tmp_path, int(server.address.rpartition(":")[2]), token="pl_admin_wrong")
            return [*await asyncio.to_thread(asked, around, answer.answers, answer.token)]

    answers, token = asyncio.run(ask())
    assert answers.state is State.OK  # it said no, so it is there
    assert token.state is State.PROBLEM
    assert token.finding == "the admin token is not (or no longer) good (from PACELINE_TOKEN)"
    assert token.todo


def test_a_token_that_others_can_read(tmp_path: Path) -> None:
    file = tmp_path / "server" / "admin.token"
    file.parent.mkdir()
    file.write_text("pl_admin_x\n")
    file.chmod(0o644)
    around = replace(near(tmp_path, free_port()), token=Token(text="pl_admin_x", source=str(file)))
    exposed, unsure = asked(around, answer.token)
    assert exposed.state is State.PROBLEM
    assert "mode 644" in exposed.finding
    assert exposed.todo.startswith(f"chmod 600 {file}")
    assert unsure.state is State.SKIPPED
    file.chmod(0o600)
    assert [each.state for each in asked(around, answer.token)] == [State.SKIPPED]


def test_no_token_at_all(tmp_path: Path) -> None:
    missing = NotAllowed("no token for the server at far:50051", hint="set PACELINE_TOKEN")
    around = replace(near(tmp_path, free_port()), token=missing)
    [found] = asked(around, answer.token)
    assert (found.state, found.finding, found.todo) == (State.PROBLEM, missing.message, missing.hint)


def test_clocks_that_differ(tmp_path: Path) -> None:
    now = SystemClock().now()
    for apart, state in ((10.0, State.WARNING), (-10.0, State.WARNING), (300.0, State.PROBLEM)):
        home = tmp_path / f"{apart:g}"
        home.mkdir()
        [found] = served(home, answer.clock, clock=FakeClock(now + apart))
        assert found.state is state
        assert "NTP" in found.todo
        assert ("ahead of" if apart > 0 else "behind") in found.finding


def test_versions_that_differ(tmp_path: Path) -> None:
    [found] = visited(tmp_path, answer.version, info(version="9.9"))
    assert found.state is State.WARNING
    assert "the server is 9.9" in found.finding


def test_versions_that_are_too_far_apart(tmp_path: Path) -> None:
    error = VersionMismatch("the server 9.9 speaks protocol 9, …", hint="upgrade the client")

    async def ask() -> Iterable[Finding]:
        return await answer.version(near(tmp_path), error)

    assert [(each.state, each.todo) for each in asyncio.run(ask())] == [(State.PROBLEM, "upgrade the client")]


def test_a_server_in_trouble(tmp_path: Path) -> None:
    assert told(visited(tmp_path, answer.accepts, info(trouble="the store is full"))) == [
        ("problem", "the store is full")
    ]
