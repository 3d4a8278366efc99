"""What is said of jobs, tasks, workers and events, a page at a time."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from paceline.wire.gen import worker_pb2 as pb
from tests.server.conftest import ScriptedWorker
from tests.server.rest.calling import Caller, calling


@asynccontextmanager
async def working(home: Path) -> AsyncIterator[tuple[Caller, ScriptedWorker]]:
    """Somebody who asks, and a worker that says what it does."""
    async with calling(home) as caller, ScriptedWorker(caller.served) as worker:
        joining = await caller.post("/api/tokens", {"role": "join"})
        number, key = await worker.join(joining["token"])
        await worker.hello(number, key)
        await worker.hear("welcome")
        yield caller, worker


async def end(worker: ScriptedWorker, outcome: str = "SUCCEEDED", result: bytes = b"") -> None:
    """What was granted is over."""
    attempts = (await worker.hear("grant")).grant.attempts
    rows = len(attempts.indexes)
    ends = pb.Endings(
        job=attempts.job,
        indexes=attempts.indexes,
        numbers=attempts.numbers,
        outcomes=[outcome] * rows,
        results=[result] * rows,
    )
    await worker.say(pb.WorkerWord(ended=ends))
    await worker.hear("settled")


async def pages(caller: Caller, path: str, **params: Any) -> list[list[Any]]:
    """All pages of a list."""
    found, after = [], ""
    while True:
        more = {"after": after} if after else {}
        page = await caller.get(path, **params, **more)
        found.append(page["items"])
        after = page["next"]
        if not after:
            return found


def test_jobs_come_newest_first_and_in_pages(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            for number in range(5):
                await caller.post("/api/jobs", {"run": "true", "name": "odd" if number % 2 else "even"})
            found = await pages(caller, "/api/jobs", limit=2)
            assert [[job["job"] for job in page] for page in found] == [[5, 4], [3, 2], [1]]
            found = await pages(caller, "/api/jobs", limit=2, name="even")
            assert [job["job"] for page in found for job in page] == [5, 3, 1]

    asyncio.run(scenario())


def test_jobs_that_are_over_and_jobs_that_are_not_stand_in_one_list(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with working(tmp_path) as (caller, worker):
            for outcome in ("SUCCEEDED", "FAILED"):
                await caller.post("/api/jobs", {"run": "true", "experiment": outcome})
                await end(worker, outcome)
            await caller.post("/api/jobs", {"run": "true", "resources": {"labels": {"moon": "yes"}}})
            for _ in range(2):  # from the store, and from what is remembered of it
                jobs = (await caller.get("/api/jobs"))["items"]
                assert [job["state"] for job in jobs] == ["WAITING", "FAILED", "SUCCEEDED"]
            assert [job["job"] for job in (await caller.get("/api/jobs", state="FAILED"))["items"]] == [2]
            assert [job["job"] for job in (await caller.get("/api/jobs", state="WAITING"))["items"]] == [3]
            assert [job["job"] for job in (await caller.get("/api/jobs", experiment="SUCCEEDED"))["items"]] == [1]
            assert (await caller.get("/api/jobs/2"))["ended_at"] > 0

    asyncio.run(scenario())


def test_tasks_by_index_and_by_state(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            await caller.post("/api/jobs", {"run": "true", "array": "0-9:3"})
            found = await pages(caller, "/api/jobs/1/tasks", limit=3)
            assert [[task["index"] for task in page] for page in found] == [[0, 3, 6], [9]]
            assert (await caller.get("/api/jobs/1/tasks", state="RUNNING"))["items"] == []
            assert len((await caller.get("/api/jobs/1/tasks", state="WAITING", after=3))["items"]) == 2
            assert (await caller.get("/api/tasks/1.3"))["state"] == "WAITING"
            explained = await caller.get("/api/tasks/1.3/explain")
            assert explained["causes"][0]["code"] == "NO_MATCHING_WORKER_CONNECTED"

    asyncio.run(scenario())


def test_a_long_list_that_is_narrowed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            await caller.post("/api/jobs", {"run": "true", "array": "0-24999"})
            first = await caller.get("/api/jobs/1/tasks", state="FAILED")
            assert (first["items"], first["next"]) == ([], "9999")
            assert await pages(caller, "/api/jobs/1/tasks", state="FAILED") == [[], [], []]

    asyncio.run(scenario())


def test_a_task_from_its_grant_to_its_result(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with working(tmp_path) as (caller, worker):
            await caller.post("/api/jobs", {"run": "true"})
            chunk = pb.LogChunk(job=1, index=0, number=1, stream="out", offset=0, data=b"0123456789")
            await worker.say(pb.WorkerWord(log=chunk))
            activity = await caller.get("/worker-activity")
            assert (activity["active_workers"], activity["active_tasks"]) == (1, 1)
            assert activity["workers"][0]["tasks"][0]["task_id"] == "1.0"
            await end(worker, result=b'{"loss": 0.5}')
            (result,) = (await caller.get("/api/jobs/1/results"))["items"]
            assert (result["outcome"], result["result"], result["encoding"]) == ("SUCCEEDED", {"loss": 0.5}, "json")
            (attempt,) = (await caller.get("/api/tasks/1/attempts"))["items"]
            assert (attempt["attempt"], attempt["worker"]) == (1, "w")
            answer = await caller.http.get("/api/tasks/1/log", params={"offset": 2, "limit": 3})
            assert (answer.text, answer.headers["content-type"]) == ("234", "text/plain; charset=utf-8")
            told = [answer.headers[f"paceline-{name}"] for name in ("attempt", "start", "next", "size")]
            assert told == ["1", "2", "5", "10"]
            assert (await caller.http.get("/api/tasks/1/log", params={"tail": 4})).text == "6789"

    asyncio.run(scenario())


def test_a_result_that_is_no_json_is_base64(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with working(tmp_path) as (caller, worker):
            await caller.post("/api/jobs", {"run": "true"})
            await end(worker, result=b"\x80\x04N.")
            (result,) = (await caller.get("/api/jobs/1/results"))["items"]
            assert (result["result"], result["encoding"]) == ("gAROLg==", "base64")

    asyncio.run(scenario())


def test_reports_come_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with working(tmp_path) as (caller, worker):
            await caller.post("/api/jobs", {"run": "true"})
            await worker.hear("grant")
            for step in range(5):
                said = pb.Report(job=1, index=0, number=1, step=step, values=json.dumps({"loss": step}))
                await worker.say(pb.WorkerWord(report=said))
            await worker.say(pb.WorkerWord(log=pb.LogChunk(job=1, index=0, number=1, stream="out", data=b"x")))
            await worker.hear("log_kept")
            found = await pages(caller, "/api/jobs/1/reports", limit=2)
            assert [[report["step"] for report in page] for page in found] == [[0, 1], [2, 3], [4], []]

    asyncio.run(scenario())


def test_the_paths_that_people_know(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with working(tmp_path) as (caller, _):
            assert [worker["name"] for worker in (await caller.get("/api/workers"))["items"]] == ["w"]
            assert (await caller.get("/api/workers/w")) == (await caller.get("/api/workers/1"))
            assert (await caller.get("/health"))["workers"] == 1
            assert (await caller.post("/api/workers/w/drain"))["state"] == "DRAINING"
            assert (await caller.post("/api/workers/w/resume"))["state"] == "READY"

    asyncio.run(scenario())


def test_the_event_log(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            await caller.post("/api/jobs", {"run": "true"})
            await caller.post("/api/jobs/1/cancel", {"reason": "no longer needed"})
            (line,) = (await caller.get("/api/events", kind="cancel_kept"))["items"]
            assert json.loads(line["body"])["by"] == "admin"
            assert (line["subject"], json.loads(line["body"])["reason"]) == ("1", "no longer needed")
            every = await caller.get("/api/events", subject="1")
            first, *rest = await pages(caller, "/api/events", subject="1", limit=1)
            assert first == every["items"][:1]
            assert (await caller.get("/api/events", newest=True, limit=1))["items"] == every["items"][-1:]

    asyncio.run(scenario())
