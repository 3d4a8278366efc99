"""Jobs that come as JSON: the same file that the command line takes, once however often it is sent."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from paceline.model.ids import JobId
from tests.server.conftest import ScriptedWorker
from tests.server.rest.calling import calling


def test_a_job_file_as_json(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            body = {
                "name": "train",
                "run": ["python", "train.py", 3],
                "resources": {"cpus": 4, "memory": "8GiB", "any_of": [{"gpu": 1}, {"cpus": 8.0}]},
                "grid": {"lr": [0.1, 1e-3], "net": ["no", "big"]},
                "retries": {"failures": 2},
                "env": {"A": 1, "B": True},
                "priority": 5,
                "time": 90,
            }
            answer = await caller.http.post("/api/jobs", json=body)
            assert (answer.status_code, answer.headers["location"]) == (201, "/api/jobs/1")
            job = await caller.get("/api/jobs/1")
            assert (job["name"], job["total"], job["priority"], job["owner"]) == ("train", 4, 5, "admin")
            spec = caller.served.fleet.cluster.jobs[JobId(1)].spec
            assert spec.run.env == (("A", "1"), ("B", "true"))
            assert (spec.run.timeout, spec.run.cwd, spec.retry.failures) == (90.0, "", 2)
            assert [need.cpu for need in spec.needs] == [4000, 8000]

    asyncio.run(scenario())


def test_several_jobs_that_come_after_one_another(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            first = await caller.post("/api/jobs", {"run": "true"})
            assert first["warnings"] == ["true: no worker is connected"]
            body = {"jobs": {"clean": {"run": "./clean"}, "train": {"run": "./train", "needs": ["clean"]}}}
            told = await caller.post("/api/jobs", body, after=1, owner="ada")
            assert told["jobs"] == [2, 3]
            train = await caller.get("/api/jobs/3")
            assert (train["state"], train["after"], train["owner"]) == ("BLOCKED", [1, 2], "ada")

    asyncio.run(scenario())


def test_the_same_key_is_the_same_submission(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            key = {"Idempotency-Key": "nightly-7"}
            told = [(await caller.http.post("/api/jobs", json={"run": "true"}, headers=key)).json() for _ in range(2)]
            assert [(each["jobs"], each["again"]) for each in told] == [([1], False), ([1], True)]
            for body, params in (({"run": "false"}, {}), ({"run": "true"}, {"owner": "ada"})):
                problem = await caller.refused("POST", "/api/jobs", 409, json=body, headers=key, params=params)
                assert problem["detail"].startswith("submit token 'nightly-7' was already used for job 1")
            assert len((await caller.get("/api/jobs"))["items"]) == 1
            long = {"Idempotency-Key": "x" * 201}
            problem = await caller.refused("POST", "/api/jobs", 400, json={"run": "true"}, headers=long)
            assert "Idempotency-Key" in problem["detail"]
            assert problem["detail"].endswith("is longer than 200 characters")

    asyncio.run(scenario())


def test_what_was_accepted_is_not_refused_when_it_is_said_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller, ScriptedWorker(caller.served) as worker:
            body = {"run": "true", "resources": {"cpus": 64}}
            params, headers = {"must_fit": "true"}, {"Idempotency-Key": "nightly-7"}
            asked: dict[str, Any] = {"json": body, "params": params, "headers": headers}
            assert (await caller.http.post("/api/jobs", **asked)).json()["again"] is False
            async with caller.served.client() as client:
                number, key = await worker.join((await client.create_token("join")).token)
            await worker.hello(number, key)
            await worker.hear("welcome")
            space = caller.served.fleet.space
            space.place, space.reserve = str(tmp_path), 1 << 60
            answer = (await caller.http.post("/api/jobs", **asked)).json()
            assert (answer["jobs"], answer["again"]) == ([1], True)
            assert "lacks 62 cpus" in answer["warnings"][0]
            other = {**asked, "headers": {"Idempotency-Key": "nightly-8"}}
            assert "accepts nothing new" in (await caller.refused("POST", "/api/jobs", 429, **other))["detail"]
            space.reserve = 0
            await caller.refused("POST", "/api/jobs", 422, **other)

    asyncio.run(scenario())


@pytest.mark.parametrize(("key", "more"), [("items", 0), ("grid", 1), ("gr\\u0069d", 1)])
def test_what_may_make_many_rows_is_understood_beside_everything_else(tmp_path: Path, key: str, more: int) -> None:
    def threads() -> set[int | None]:
        return {thread.ident for thread in threading.enumerate()}

    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            before = threads()
            value = "[1, 2]" if key == "items" else '{"a": [1, 2]}'
            answer = await caller.http.post("/api/jobs", content=f'{{"run": "true", "{key}": {value}}}')
            assert answer.status_code == 201
            assert (await caller.get("/api/jobs/1"))["total"] == 2
            assert len(threads() - before) == more

    asyncio.run(scenario())


def test_a_plan_submits_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            (plan,) = (await caller.post("/api/plan", {"run": "true", "array": "0-9"}))["plans"]
            assert (plan["name"], plan["tasks"]) == ("true", 10)
            assert plan["explanation"]["causes"][0]["code"] == "NO_MATCHING_WORKER_CONNECTED"
            assert (await caller.get("/api/jobs"))["items"] == []

    asyncio.run(scenario())


def test_cancelling_some_tasks_and_then_all(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            await caller.post("/api/jobs", {"run": "true", "array": "0-9"})
            assert await caller.post("/api/jobs/1/cancel", {"ranges": "0-3,9"}) == {"tasks": 5}
            assert await caller.post("/api/jobs/1/cancel") == {"tasks": 5}
            assert await caller.post("/api/jobs/1/cancel") == {"tasks": 0}
            assert (await caller.get("/api/jobs/1"))["state"] == "CANCELLED"
            await caller.refused("POST", "/api/jobs/2/cancel", 404)

    asyncio.run(scenario())
