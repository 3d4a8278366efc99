"""Who is let in, to which path, with which method; and what everybody is told on the way out."""

import asyncio
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paceline.server.rest.app import description
from tests.server.rest.calling import calling

SPEC: Mapping[str, Any] = json.loads(description())
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
OPEN = {"/health", "/ready", "/api/login"}


def paths() -> Iterator[str]:
    for path in SPEC["paths"]:
        yield path.replace("{name}", "a/b").replace("{", "").replace("}", "")


def closed() -> list[str]:
    """All that the description lists and what it leaves out, but for what anybody may ask."""
    hidden = ["/metrics", "/api/schema/openapi.json", "/debug/profile", "/nowhere", "/api", "/api/jobs/../tokens"]
    return [*(path for path in paths() if path not in OPEN), *hidden]


def test_without_a_token_nothing_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            del caller.http.headers["authorization"]
            for path in closed():
                for method in METHODS:
                    problem = await caller.refused(method, path, 401)
                    assert problem.get("code", "NOT_ALLOWED") == "NOT_ALLOWED"

    asyncio.run(scenario())


@pytest.mark.parametrize("path", sorted(OPEN - {"/api/login"}))
def test_whether_it_lives_anybody_may_ask(tmp_path: Path, path: str) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            del caller.http.headers["authorization"]
            assert (await caller.get(path))["status"] == "ok"
            assert (await caller.http.head(path)).status_code == 200

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("wanted", "ends"),
    [({"role": "read"}, False), ({"role": "join"}, True), ({"role": "read", "ttl": 60}, True)]
    + [({"role": "join", "ttl": 0}, False)],
)
def test_how_long_a_token_is_good(wanted: dict[str, object], *, ends: bool, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            assert bool((await caller.post("/api/tokens", wanted))["expires_at"]) == ends

    asyncio.run(scenario())


def test_a_reader_sees_and_does_not_touch(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            token = (await caller.post("/api/tokens", {"role": "read"}))["token"]
            caller.http.headers["authorization"] = f"Bearer {token}"
            assert (await caller.get("/api/info"))["role"] == "read"
            assert await caller.post("/api/plan", {"run": "true"})
            for path, operations in SPEC["paths"].items():
                for method in operations.keys() - {"get"}:
                    if path not in (*OPEN, "/api/plan"):
                        problem = await caller.refused(method, path.replace("{", "").replace("}", ""), 403)
                        assert problem["detail"].endswith("role read cannot do this; it takes one of the role admin")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"authorization": "Bearer nonsense"}, "the admin token is not (or no longer) good"),
        ({"authorization": "Basic YTpi"}, "no credentials were given"),
        ({"authorization": "Bearer "}, "no credentials were given"),
        ({"cookie": "token=x", "authorization": ""}, "no credentials were given"),
    ],
)
def test_what_is_no_token(tmp_path: Path, headers: dict[str, str], told: str) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            problem = await caller.refused("GET", "/api/jobs", 401, headers=headers)
            assert problem["detail"] == told
            assert "PACELINE_TOKEN" in problem["hint"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"host": "evil.example"}, "Host: 'evil.example' is no name of this server"),
        ({"host": "127.0.0.1.evil.example:3000"}, "Host: '127.0.0.1.evil.example:3000' is no name of this server"),
        ({"host": ""}, "Host: '' is no name of this server"),
        ({"origin": "http://evil.example"}, "Origin: 'http://evil.example' is another page"),
        ({"origin": "null"}, "Origin: 'null' is another page"),
        ({"origin": "http://127.0.0.1:3001"}, "Origin: 'http://127.0.0.1:3001' is another page"),
        ({"sec-fetch-site": "cross-site"}, "Sec-Fetch-Site: another site's page sent this"),
    ],
)
def test_a_foreign_page_is_refused_whatever_it_wants(tmp_path: Path, headers: dict[str, str], told: str) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            for method, path in itertools.product(METHODS, ("/", "/health", "/api/login", "/api/jobs", "/assets/x.js")):
                problem = await caller.refused(method, path, 403, headers=headers)
                assert problem.get("detail", told) == told

    asyncio.run(scenario())


LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def test_a_link_to_the_dashboard_may_stand_on_another_sites_page(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            del caller.http.headers["authorization"]
            page = await caller.http.get("/", headers=LINK)
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert "frame-ancestors 'none'" in page.headers["content-security-policy"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "path", "changed"),
    [
        ("GET", "/", {"sec-fetch-dest": "iframe"}),
        ("GET", "/", {"sec-fetch-mode": "no-cors"}),
        ("GET", "/", {"origin": "http://evil.example"}),
        ("POST", "/", {}),
        ("HEAD", "/", {}),
        ("GET", "/health", {}),
        ("GET", "/api/jobs", {}),
        ("POST", "/api/login", {}),
        ("GET", "/assets/x.js", {}),
    ],
)
def test_nothing_but_such_a_link_may(tmp_path: Path, method: str, path: str, changed: dict[str, str]) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            await caller.refused(method, path, 403, headers={**LINK, **changed})

    asyncio.run(scenario())


def test_our_own_page_may_call(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            headers = {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"}
            assert (await caller.http.get("/api/jobs", headers=headers)).status_code == 200

    asyncio.run(scenario())


def test_a_path_says_what_it_takes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            answer = await caller.http.put("/api/models/m")
            assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, PATCH")
            assert answer.json()["detail"] == "/api/models/m: takes no PUT"
            assert answer.json()["hint"] == "it takes DELETE, GET, HEAD, OPTIONS, PATCH"
            asked = await caller.http.options("/api/models/m")
            assert (asked.status_code, asked.headers["allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, PATCH")

    asyncio.run(scenario())


def test_every_answer_tells_browsers_what_they_may(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            for path in ("/health", "/api/jobs", "/nowhere", "/api/jobs?limit=x"):
                headers = (await caller.http.get(path)).headers
                assert headers["x-content-type-options"] == "nosniff"
                assert "default-src 'none'" in headers["content-security-policy"]
                assert "set-cookie" not in headers

    asyncio.run(scenario())


def test_a_code_is_good_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            code = (await caller.post("/api/tokens", {"role": "login", "name": "ada"}))["token"]
            del caller.http.headers["authorization"]
            session = await caller.post("/api/login", {"code": code})
            now = caller.served.fleet.clock.now()
            assert session["expires_at"] == pytest.approx(now + 12 * 3600, abs=60)
            problem = await caller.refused("POST", "/api/login", 401, json={"code": code})
            assert problem["detail"] == "the login token is not (or no longer) good"
            assert "paceline dashboard" in problem["hint"]
            caller.http.headers["authorization"] = f"Bearer {session['token']}"
            info = await caller.get("/api/info")
            assert (info["role"], info["name"]) == ("admin", "ada")

    asyncio.run(scenario())


def test_only_a_code_is_traded(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            problem = await caller.refused("POST", "/api/login", 403, json={"code": caller.served.admin})
            assert problem["detail"] == "a token of the role admin cannot do this; it takes one of the role login"

    asyncio.run(scenario())
