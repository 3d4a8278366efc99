"""What the server shows to Prometheus: of the loop, of the picture, of the store; and where its time goes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from paceline.model.columns import Endings
from paceline.model.events import AttemptsEnded, JobsSubmitted, WorkerJoined
from paceline.model.ids import Incarnation, JobId, WorkerId
from paceline.model.records import AttemptsOver
from paceline.model.task import Outcome
from paceline.server.meter import Meter
from paceline.server.metrics import exposition, look
from paceline.server.rest.app import make_app
from paceline.server.space import Space
from paceline.testing.clock import FakeClock
from paceline.testing.world import job_spec, machine
from tests import prometheus
from tests.server.conftest import Served, serving

ADA = WorkerId(1)


def run(home: Path, test: Callable[[Served, FakeClock], Coroutine[object, object, None]]) -> None:
    async def served() -> None:
        clock = FakeClock()
        async with serving(home, clock) as here:
            await test(here, clock)

    asyncio.run(served())


async def samples(served: Served) -> dict[tuple[str, ...], float]:
    return prometheus.samples((await exposition(served.fleet))[0])


@asynccontextmanager
async def browser(
    served: Served, *, profile: bool = False, token: str = "", host: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    fleet = replace(served.fleet, profile=profile)
    transport = httpx.ASGITransport(make_app(fleet, ()), client=(host, 1))  # type: ignore[arg-type]  # litestar's own
    headers = {"authorization": f"Bearer {token or served.admin}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
        yield client


def reader(served: Served) -> str:
    return served.fleet.auth.create("read", "r", served.fleet.clock.now(), 0.0)[0]


def test_what_waits_is_counted_by_kind_and_state(tmp_path: Path) -> None:
    async def test(served: Served, clock: FakeClock) -> None:
        await served.fleet.loop.ask(JobsSubmitted(specs=[job_spec(tasks=5)]))
        clock.advance(30.0)
        await served.fleet.loop.ask(JobsSubmitted(specs=[job_spec(tasks=2)]))
        clock.advance(12.0)
        seen = await samples(served)
        assert seen["paceline_tasks", "command", "WAITING"] == 7
        assert seen["paceline_jobs", "WAITING"] == 2
        assert seen["paceline_queue_oldest_age_seconds", "command"] == 42.0
        assert seen["paceline_jobs_submitted_total",] == 2

    run(tmp_path, test)


def test_a_blocked_job_does_not_age_the_queue(tmp_path: Path) -> None:
    async def test(served: Served, clock: FakeClock) -> None:
        loop = served.fleet.loop
        await loop.ask(JobsSubmitted(specs=[job_spec()]))
        await loop.ask(JobsSubmitted(specs=[replace(job_spec(), after=(JobId(1),))]))
        seen = await look(served.fleet)
        assert seen.tasks["command", "BLOCKED"] == 1
        assert list(seen.oldest) == [("command",)]

    run(tmp_path, test)


def test_attempts_are_counted_by_outcome(tmp_path: Path) -> None:
    async def test(served: Served, clock: FakeClock) -> None:
        loop = served.fleet.loop
        loop.post(WorkerJoined(worker=ADA, name="ada", incarnation=Incarnation(1), machine=machine()))
        await loop.ask(JobsSubmitted(specs=[job_spec(tasks=2)]))
        await loop.caught_up()
        seen = await samples(served)
        assert seen["paceline_attempts_granted_total",] == 2
        assert seen["paceline_tasks", "command", "RUNNING"] == 2
        assert seen["paceline_workers", "READY"] == 1
        assert seen["paceline_workers", "LOST"] == 0
        assert seen["paceline_fleet_cpus", "taken"] == 2.0
        endings = Endings(job=JobId(1), indexes=[0, 1], numbers=[1, 1], outcomes=[Outcome.SUCCEEDED, Outcome.OOM])
        await loop.ask(AttemptsEnded(worker=ADA, endings=endings))
        seen = await samples(served)
        assert seen["paceline_attempts_ended_total", "SUCCEEDED"] == 1
        assert seen["paceline_attempts_ended_total", "OOM"] == 1
        assert seen["paceline_jobs_ended_total", "FAILED"] == 1
        clock.advance(3.0)
        assert (await samples(served))["paceline_worker_heartbeat_age_max_seconds",] == 3.0

    run(tmp_path, test)


def test_steps_and_commits_are_timed(tmp_path: Path) -> None:
    async def test(served: Served, clock: FakeClock) -> None:
        before = await samples(served)
        await served.fleet.loop.ask(JobsSubmitted(specs=[job_spec()]))
        after = await samples(served)
        for name in ("paceline_core_step_seconds_count", "paceline_store_commit_seconds_count"):
            assert after[name,] == before[name,] + 1
        assert after["paceline_core_events_total",] == before["paceline_core_events_total",] + 1

    run(tmp_path, test)


def test_a_batch_is_counted_without_a_look_at_its_tasks() -> None:
    meter = Meter()
    attempts = Endings(job=JobId(1), indexes=range(1000))
    meter.kept([AttemptsOver(worker=ADA, endings=attempts, at=0.0)], 0.002)
    assert meter.ended == {"SUCCEEDED": 1000}
    assert meter.commits.count == 1


def test_the_stores_files_are_measured(tmp_path: Path) -> None:
    for name in ("s.db", "s.db-wal", "other"):
        (tmp_path / name).write_bytes(bytes(100))
    assert Space(place=str(tmp_path), name="s.db").used() == 200


def test_a_read_token_is_enough_and_none_is_not(tmp_path: Path) -> None:
    async def test(served: Served, clock: FakeClock) -> None:
        async with browser(served, token=reader(served)) as client:
            answer = await client.get("/metrics")
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/plain")
            assert ("paceline_links",) in prometheus.samples(answer.content)
            refused = await client.get("/metrics", headers={"authorization": ""})
            assert refused.status_code == 401

    run(tmp_path, test)


def test_open_metrics_for_who_asks_for_it(tmp_path: Path) -> None:
    async def test(served: Served, clock: FakeClock) -> None:
        async with browser(served) as client:
            answer = await client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        assert len(list(parse_openmetrics(answer.text))) > 20  # type: ignore[no-untyped-call]

    run(tmp_path, test)


@prometheus.needs_promtool
def test_prometheus_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    async def test(served: Served, clock: FakeClock) -> None:
        await served.fleet.loop.ask(JobsSubmitted(specs=[job_spec(tasks=5)]))
        prometheus.promtool("check", "metrics", text=(await exposition(served.fleet))[0])

    run(tmp_path, test)


# ── where the time goes ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("profile", "token", "host", "status", "said"),
    [
        (False, "", "127.0.0.1", 404, "start the server with --profile"),
        (True, "read", "127.0.0.1", 403, "an admin token"),
        (True, "", "10.0.0.9", 403, "own machine only"),
    ],
)
def test_a_profile_is_for_an_admin_at_this_machine(
    tmp_path: Path, *, profile: bool, token: str, host: str, status: int, said: str
) -> None:
    async def test(served: Served, clock: FakeClock) -> None:
        bearer = reader(served) if token else ""
        async with browser(served, profile=profile, token=bearer, host=host) as client:
            answer = await client.get("/debug/profile")
        assert answer.status_code == status
        assert said in answer.text

    run(tmp_path, test)


def test_a_profile_shows_what_every_thread_does(tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(tmp_path) as served, browser(served, profile=True) as client:
            picture = await client.get("/debug/profile?seconds=0.1")
            assert picture.headers["content-type"] == "image/svg+xml"
            assert "paceline server" in picture.text
            text = (await client.get("/debug/profile?seconds=0.1&format=text")).text
            assert text.startswith("MainThread;")
            wrong = await client.get("/debug/profile?seconds=3600")
            assert wrong.status_code == 400
            assert wrong.json()["detail"].startswith("seconds: 3600")

    asyncio.run(test())
