"""What is said of trouble: once when it comes, once when it goes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from paceline.model.errors import TryAgain
from paceline.server.auth import Principal
from paceline.server.hold import Hold
from paceline.server.rest.access import Access
from paceline.server.space import Space
from paceline.testing import FakeClock
from tests.telemetry.conftest import Lines

FULL = TryAgain("the disk is full", hint="free some space")


def test_read_only(lines: Lines) -> None:
    clock = FakeClock()
    hold = Hold(clock)
    hold.end()
    for _ in range(3):
        hold.begin(FULL)
        clock.advance(1.0)
    hold.end()
    hold.end()
    first, second = lines()
    assert (first["level"], first["event"], first["why"]) == ("error", "read-only", "the disk is full")
    assert (second["event"], second["seconds"]) == ("read-only no more", 3.0)


def test_too_little_space(tmp_path: Path, lines: Lines) -> None:
    space = Space(place=str(tmp_path), reserve=1 << 60)
    for _ in range(2):
        with pytest.raises(TryAgain):
            space.demand()
    space.reserve = 0
    space.demand()
    space.demand()
    assert [each["event"] for each in lines()] == ["disk low", "disk low no more"]


# ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────


def answered(status: int) -> None:
    """A request that is answered so, by an application of one line."""
    clock = FakeClock()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"]["principal"] = Principal(role="admin", name="ada")
        clock.advance(0.25)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def nothing(*message: Any) -> Any:
        return None

    headers = [(b"authorization", b"Bearer pl_admin_S3cret-S3cret-S3cret")]
    scope: Any = {"type": "http", "method": "GET", "path": "/api/x\x1b[2J", "query_string": b"code=S3cret", "state": {}}
    scope["headers"] = headers
    asyncio.run(Access(app, clock)(scope, nothing, nothing))


@pytest.mark.parametrize(("status", "level"), [(200, "debug"), (404, "debug"), (500, "error"), (503, "error")])
def test_a_request_is_a_line(status: int, level: str, lines: Lines) -> None:
    answered(status)
    [line] = lines()
    assert {name: line[name] for name in ("level", "event", "method", "path", "status", "seconds", "by")} == {
        "level": level,
        "event": "http",
        "method": "GET",
        "path": "/api/x\x1b[2J",
        "status": status,
        "seconds": 0.25,
        "by": "ada",
    }
    assert "S3cret" not in str(line)
