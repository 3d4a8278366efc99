"""How a worker says it is: the fields that people know, and the grade."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.agent.face.load import Gauge, Load, Ticks, percent
from paceline.agent.face.vitals import warnings
from paceline.agent.words import Draining, Space, Unlinked
from paceline.clock import SystemClock
from paceline.testing.clock import FakeClock
from tests.agent.face import KEY, Shown
from tests.agent.world import World, of, program

FIELDS = {
    *("worker_id", "status", "uptime", "active_tasks", "completed_tasks", "failed_tasks", "cpu_usage", "memory_usage"),
    *("disk_usage", "last_heartbeat", "orchestrator_connection", "warnings"),
}
"""Of the two systems that people come from."""


def get(shown: Shown, path: str, **headers: str) -> tuple[int, dict[str, object]]:
    async def ask() -> tuple[int, dict[str, object]]:
        async with shown.browser() as client:
            answer = await client.get(path, headers=headers)
            return answer.status_code, answer.json()

    return asyncio.run(ask())


def test_health_has_every_field_that_people_know(tmp_path: Path) -> None:
    status, said = get(Shown(tmp_path), "/health")
    assert status == 200
    assert said.keys() >= FIELDS


def test_health_says_what_happened(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    shown.world.grant(program(), 0, 1)
    shown.world.end("1.0#1")
    shown.world.grant(program(), 2, 3)
    shown.world.end("1.1#1", outcome="FAILED")
    shown.clock.advance(8130.0)
    _, said = get(shown, "/health")
    assert said["worker_id"] == "ada"
    assert said["uptime"] == "2h15m30s"
    assert (said["active_tasks"], said["completed_tasks"], said["failed_tasks"]) == (2, 1, 1)
    assert said["state"] == "BUSY"
    assert said["orchestrator_connection"] == "connected"
    assert said["last_heartbeat"] == "2023-11-14T22:15:00.000Z"


def test_without_a_server_it_is_degraded_and_keeps_its_last_heartbeat(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    shown.world.hear(Unlinked())
    _, said = get(shown, "/health")
    assert (said["status"], said["orchestrator_connection"]) == ("degraded", "disconnected")
    assert said["warnings"] == ["Not connected to the server"]
    assert said["last_heartbeat"]


def test_before_the_first_welcome_there_was_no_heartbeat(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    shown.vitals = type(shown.vitals)(shown.options, 3, World(peers=False).worker, shown.clock)  # type: ignore[arg-type]
    assert get(shown, "/health")[1]["last_heartbeat"] == ""


def test_who_takes_nothing_new_says_why(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    assert of(shown.world.hear(Space(free=1)), Draining)
    shown.world.grant(program(), 0)
    shown.world.hear(Space(fault="Read-only file system"))
    _, said = get(shown, "/health")
    assert said["state"] == "DRAINING"
    assert said["warnings"] == ["Takes nothing new: its disk cannot be written: Read-only file system"]


def load(cpu: float = 10.0, memory: float = 10.0) -> Load:
    return Load(cpu=cpu, memory=memory, memory_bytes=1, disk=1.0, disk_free_bytes=1)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (load(cpu=90.0, memory=85.0), []),
        (load(cpu=90.1), ["High CPU usage"]),
        (load(memory=85.1), ["High memory usage"]),
        (load(cpu=99.0, memory=99.0), ["High CPU usage", "High memory usage"]),
    ],
)
def test_a_worker_is_degraded_above_its_limits(found: Load, said: list[str]) -> None:
    assert warnings(found, World().worker.standing()) == said


def test_processor_use_is_measured_between_two_looks() -> None:
    assert percent(Ticks(0.0, 100.0, 1000.0), Ticks(5.0, 105.0, 1020.0)) == 25.0
    assert percent(Ticks(0.0, 100.0, 1000.0), Ticks(5.0, 100.0, 1000.0)) == 0.0


def test_the_first_look_is_at_all_the_time_since_the_machine_started(tmp_path: Path) -> None:
    gauge = Gauge(FakeClock(), tmp_path)
    first = gauge.read()
    assert 0.0 < first.cpu <= 100.0
    assert gauge.read().cpu == pytest.approx(first.cpu, abs=1.0)  # a second look at once is no look at nothing
    assert 0 < first.memory < 100
    assert first.memory_bytes > 1 << 20
    assert 0 <= first.disk <= 100


# ── the pages it stands on ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("host", ["127.0.0.1:2112", "localhost", "[::1]:2112", "10.1.2.3:2112"])
def test_a_name_of_this_machine_or_an_address_may_call(tmp_path: Path, host: str) -> None:
    assert get(Shown(tmp_path), "/health", host=host)[0] == 200


def test_a_name_that_it_was_told_may_call(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    told = replace(shown.options, metrics_host="GPU-1", http_hosts=("GPU-1.lan", "2001:DB8::5"))
    shown.vitals.options = told
    for host in ("gpu-1:2112", "gpu-1.lan:2112", "Gpu-1.LAN", "[2001:db8:0::5]:2112", socket.gethostname().upper()):
        assert get(shown, "/health", host=host)[0] == 200, host
    status, said = get(shown, "/metrics", host="gpu-2.lan")
    assert (status, said["hint"]) == (403, "call it by its address, or --http-host NAME")


@pytest.mark.parametrize(
    "host", ["evil.example", "", "evil.example:2112", "127.0.0.1.evil.example", "localhost.evil.example"]
)
def test_a_foreign_name_bent_to_this_machine_is_refused(tmp_path: Path, host: str) -> None:
    status, said = get(Shown(tmp_path), "/metrics", host=host)
    assert status == 403
    assert str(said["detail"]).startswith(f"Host: {host!r}")


def test_what_is_not_there_says_what_is(tmp_path: Path) -> None:
    assert get(Shown(tmp_path), "/metric")[1]["hint"] == "GET /metrics, /health"


def test_nothing_can_be_changed(tmp_path: Path) -> None:
    async def test() -> None:
        async with Shown(tmp_path).browser() as client:
            for method in ("POST", "PUT", "DELETE"):
                answer = await client.request(method, "/health")
                assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
            head = await client.head("/health")
            assert (head.status_code, head.content) == (200, b"")

    asyncio.run(test())


@pytest.mark.parametrize(
    ("profile", "token", "client", "status"),
    [
        (False, KEY, "127.0.0.1", 404),
        (True, "", "127.0.0.1", 401),
        (True, "pl_worker_y", "127.0.0.1", 401),
        (True, KEY, "10.0.0.9", 403),
        (True, KEY, "127.0.0.1", 200),
    ],
)
def test_where_the_time_goes_is_for_who_has_the_key(
    tmp_path: Path, *, profile: bool, token: str, client: str, status: int
) -> None:
    async def test() -> None:
        shown = Shown(tmp_path, profile=profile)
        shown.vitals.clock = SystemClock()
        async with shown.browser(client) as browser:
            headers = {"authorization": f"Bearer {token}"}
            for path in ("/debug/profile", "/debug/pprof/profile"):
                answer = await browser.get(f"{path}?seconds=0.05", headers=headers)
                assert answer.status_code == status, answer.text

    asyncio.run(test())
