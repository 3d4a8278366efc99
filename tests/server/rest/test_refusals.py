"""What is wrong with a request is told with the field, its value, and what would do; and nothing else happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.rest.calling import calling

DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("path", "status", "told", "hint"),
    [
        ("/api/jobs?limit=abc", 400, "limit: 'abc' is not a whole number", "such as 10"),
        ("/api/jobs?limit=1001", 400, "limit: '1001' is more than 1000", "1000"),
        ("/api/jobs?limit=0", 400, "limit: '0' is less than 1", "1"),
        ("/api/jobs?after=-7", 400, "after: '-7' is less than -1", "-1"),
        ("/api/jobs?after=9999999999999999999999", 400, "after: '9999999999999999999999' is more than", ""),
        ("/api/jobs?limt=10", 400, "limt: there is no such parameter here", "did you mean 'limit'?"),
        ("/api/jobs?state=FAILD", 400, "state: there is no state 'FAILD'", "did you mean 'FAILED'?"),
        ("/api/jobs/abc", 400, "job: 'abc' is not the number of a job", "GET /api/jobs?name=…"),
        ("/api/jobs/1.2", 400, "job: '1.2' is not the number of a job", "such as 3"),
        ("/api/jobs/7", 404, "there is no job 7", "the newest is job 1"),
        ("/api/jobs/99999999999999999999", 400, "job: '99999999999999999999' is not the number of a job", ""),
        ("/api/tasks/x.1", 400, "task: 'x.1' is not the number of a task", "3.17"),
        ("/api/tasks/1.9", 404, "job 1 has no task 9: it has 2", ""),
        ("/api/tasks/1.0/log?attempt=3", 404, "attempt: 1.0 has no attempt 3", "it has had none yet"),
        ("/api/tasks/1/log/live?attempt=99999999999999999999", 400, "attempt: '99999999999999999999' is more than", ""),
        ("/api/tasks/1/log?attempt=9223372036854775808", 400, "attempt: '9223372036854775808' is more than", ""),
        ("/api/tasks/1.0/log?stream=oot", 400, "stream: there is no stream 'oot'", "did you mean 'out'?"),
        ("/api/tasks/..%2f..%2fetc%2fpasswd/log", 404, "there is no such path", "openapi.json"),
        ("/api/tasks/%2e%2e/log", 400, "task: '..' is not the number of a task", ""),
        ("/api/workers/nobody", 404, "there is no worker 'nobody'", "GET /api/workers"),
        ("/api/workers?gone=maybe", 400, "gone: 'maybe' is neither true nor false", ""),
        ("/api/models/nothing", 404, "there is no model 'nothing'", ""),
        ("/api/models/x/files/..%2f..%2fadmin.token", 404, "there is no model 'x'", ""),
        ("/api/models?after=zzz", 400, "after: 'zzz' is no place in this list", "`next`"),
        ("/api/models?after=x~y", 400, "after: 'x~y' is no place in this list", "`next`"),
        ("/api/models?order=highest", 400, "metric", ""),
        ("/api/events?kind=job_ended", 400, "kind: there is no kind of event 'job_ended'", "job_over"),
        ("/api/events?since=noon", 400, "since: 'noon' is not a number", ""),
        ("/api/nothing", 404, "/api/nothing: there is no such path", "openapi.json"),
    ],
)
def test_a_question_that_cannot_be_answered(tmp_path: Path, path: str, status: int, told: str, hint: str) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            await caller.post("/api/jobs", {"run": "true", "array": "0-1"})
            problem = await caller.refused("GET", path, status)
            assert told in problem["detail"]
            assert hint in problem.get("hint", "")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "body", "told", "hint"),
    [
        ("/api/jobs", "", "body: is empty", "run"),
        ("/api/jobs", '{"run": ', "body: Input data was truncated", "JSON"),
        ("/api/jobs", '{"run" "x"}', "body: JSON is malformed: expected ':' (byte 7)", "JSON"),
        ("/api/jobs", "run: true", "body: JSON is malformed: invalid character (byte 0)", "JSON"),
        ("/api/jobs", b'{"run": "\xff"}', "body: is not UTF-8 text: invalid start byte", ""),
        ("/api/jobs", "[]", "body: a job is a mapping of keys to values", "such as"),
        ("/api/jobs", DEEP, "body: nested deeper than 50 levels", ""),
        ("/api/jobs", '{"run": "x", "params": ' + "[" * 60 + "]" * 60 + "}", "params: nested deeper than 50", ""),
        ("/api/jobs", '{"run": "x", "memory": "1GB"}', "memory: unknown key", ""),
        ("/api/jobs", '{"run": "x", "resources": {"memroy": 1}}', "resources.memroy: unknown key; did you mean", ""),
        ("/api/jobs", '{"run": "x", "resources": {"memory": "lots"}}', "resources.memory: ", ""),
        ("/api/jobs", '{"run": "x", "each_line": "/etc/passwd"}', "each_line: '/etc/passwd' is a file", "items"),
        ("/api/jobs", '{"run": "x", "env": {"HOME": null}}', "env: HOME has no value", "write HOME=value"),
        ("/api/jobs", '{"run": "x", "env": ["HOME"]}', "env: HOME has no value", "write HOME=value"),
        ("/api/jobs", '{"run": "x", "cwd": "sub"}', "cwd: 'sub' is relative", "an absolute path"),
        ("/api/jobs", '{"run": "x", "sweep": {"space": {}, "metric": "loss"}}', "sweep: is not submitted", ""),
        ("/api/jobs", '{"run": "x", "array": "0-9,3"}', "array: '0-9,3' names 3 twice", ""),
        ("/api/jobs", '{"run": "x", "array": "0-8999998:2,1-8999999:2"}', "array: 9,000,000 tasks in ranges that", ""),
        ("/api/jobs", '{"kind": "trian"}', "kind: there is no kind 'trian'", "did you mean 'train'?"),
        ("/api/jobs", '{"jobs": {"a": {"run": "x", "needs": ["b"]}}}', "jobs.a.needs[0]: there is no job 'b'", ""),
        ("/api/jobs?after=1&after=1" + 30 * "0", '{"run": "x"}', "after: ", "1000000000000000"),
        (
            "/api/jobs",
            '{"run": "x", "array": "0,99999999999999999999"}',
            "array: 99999999999999999999 is too",
            "largest",
        ),
        ("/api/jobs", '{"run": "x", "priority": 3000000000}', "priority: expected `int` <= 2147483647", ""),
        (
            "/api/jobs",
            '{"run": "x", "resources": {"cpus": 99999999999999999999}}',
            "resources.cpus: '99999999999999999999' is",
            "",
        ),
        ("/api/jobs?after=77", '{"run": "x"}', "after: there is no job 77", ""),
        ("/api/tokens", '{"role": "reed"}', "role: there is no role 'reed'", "did you mean 'read'?"),
        ("/api/tokens", '{"role": "worker"}', "role: there is no role 'worker'", "one of"),
        ("/api/tokens", '{"role": "read", "tll": 5}', "tll: unknown field", "did you mean 'ttl'?"),
        ("/api/tokens", '{"role": "read", "ttl": -1}', "ttl: is less than 0", ""),
        ("/api/tokens", '{"role": "read", "ttl": 1e400}', "body: ", ""),
        ("/api/tokens", "{}", "role: is missing", ""),
        ("/api/tokens", "", "body: is missing", "role"),
        ("/api/tokens", '{"role"', "body: Input data was truncated", ""),
        ("/api/tokens", b'{"role": "\xff"}', "body: is not UTF-8 text: invalid start byte", ""),
        ("/api/tokens", "[1]", "body: is not a JSON object", ""),
        ("/api/tokens", DEEP, "body: is nested too deeply", ""),
        ("/api/jobs/1/cancel", '{"ranges": "x"}', "ranges: ", ""),
        ("/api/jobs/1/cancel", '{"ranges": "1000000000000000"}', "ranges: 1000000000000000 is too large", "largest"),
        ("/api/jobs/1/cancel", '{"ranges": "0-3%2"}', "ranges: '0-3%2' has a limit", "0-3"),
        ("/api/jobs/1/cancel", '{"resaon": ""}', "resaon: unknown field", "did you mean 'reason'?"),
    ],
)
def test_a_body_that_cannot_be_understood(tmp_path: Path, path: str, body: str | bytes, told: str, hint: str) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            await caller.post("/api/jobs", {"run": "true"})
            problem = await caller.refused("POST", path, 404 if "77" in path else 400, content=body)
            assert told in problem["detail"]
            assert hint in problem.get("hint", "")
            assert [job["job"] for job in (await caller.get("/api/jobs"))["items"]] == [1]

    asyncio.run(scenario())


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(5):
        yield b" " * (1 << 20)


@pytest.mark.parametrize("body", [b" " * (5 << 20), _chunks])
@pytest.mark.parametrize("path", ["/api/jobs", "/api/plan", "/api/tokens", "/api/login"])
def test_a_body_that_is_too_large(tmp_path: Path, path: str, body: Any) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            content = body() if callable(body) else body
            problem = await caller.refused("POST", path, 413, content=content)
            assert problem["detail"] == "the body is larger than 4,194,304 bytes"

    asyncio.run(scenario())


def test_a_grid_that_would_never_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            many = list(range(1000))
            body = {"run": "x", "grid": {"a": many, "b": many, "c": many}}
            problem = await caller.refused("POST", "/api/jobs", 400, json=body)
            assert problem["detail"].startswith("grid: more than ")
            assert problem["hint"] == "fewer values, or several jobs"

    asyncio.run(scenario())


MARKUP = "<script>alert(1)</script>"


def test_markup_is_text(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            job = {"name": MARKUP, "run": MARKUP, "experiment": MARKUP}
            await caller.post("/api/jobs", job, owner=MARKUP)
            for path in ("/api/jobs", "/api/jobs/1", "/api/events", f"/api/jobs?name={MARKUP}", f"/api/jobs/{MARKUP}"):
                answer = await caller.http.get(path)
                assert "json" in answer.headers["content-type"]
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert MARKUP in answer.text.replace("\\/", "/") or json.loads(answer.text)["status"] == 404

    asyncio.run(scenario())
