"""Logs and traces of real processes."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from paceline.config import ServerOptions
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client
from paceline.telemetry.traceparent import read
from tests.system.conftest import Fleet, until
from tests.telemetry.collector import Collector, attributes

pytestmark = pytest.mark.system

CANARY = "c4nary-in-the-coal-mine"
PRINT = "import os, sys; print(os.environ['TRACEPARENT']); sys.exit(int(sys.argv[1]))"


def paceline(fleet: Fleet, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "paceline", *words],
        env=fleet.env | env,
        cwd=fleet.home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def lines(fleet: Fleet, name: str) -> list[dict[str, Any]]:
    """What a process logged."""
    return [json.loads(line) for line in fleet.said(name).splitlines() if line.startswith("{")]


def events(fleet: Fleet, name: str) -> list[str]:
    return [str(each["event"]) for each in lines(fleet, name)]


# ── logs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_day_leaves_in_the_logs(new_fleet: Fleet) -> None:
    new_fleet.start_server("--http-port", "0")
    new_fleet.start_worker("w1", "--cpus", "1", "--log-level", "WARN")
    new_fleet.start_worker("w2", "--cpus", "1", "--log-format", "console")
    assert paceline(new_fleet, "run", "--", "true").returncode == 0
    assert paceline(new_fleet, "run", "--time", "0.2s", "--", "sleep", "60").returncode != 0
    new_fleet.workers["w2"].terminate()
    until(lambda: "worker left" in events(new_fleet, "server"), "the worker left")
    said = events(new_fleet, "server")
    for event in ("server ready", "token created", "worker joined", "job submitted", "job over", "attempt ended badly"):
        assert event in said
    [bad] = [each for each in lines(new_fleet, "server") if each["event"] == "attempt ended badly"]
    assert (bad["outcome"], bad["job"], bad["task"], bad["attempt"]) == ("TIMEOUT", 2, "2.0", "2.0#1")
    assert "attempt granted" not in said
    assert events(new_fleet, "w1") == []
    assert re.search(
        r"^\d\d:\d\d:\d\d\.\d{3} info    linked  worker=w2 server=\S+$", new_fleet.said("w2"), re.MULTILINE
    )


def test_a_server_that_goes_is_missed_once(new_fleet: Fleet) -> None:
    new_fleet.start_server("--http-port", "0")
    new_fleet.start_worker("w1", "--cpus", "1")
    until(lambda: "linked" in events(new_fleet, "w1"), "it was welcomed")  # the server knows it a moment before
    new_fleet.kill_server()
    until(lambda: "unlinked" in events(new_fleet, "w1"), "the server is missed")
    new_fleet.start_server("--http-port", "0")
    until(lambda: events(new_fleet, "w1").count("linked") == 2, "it is back")
    assert events(new_fleet, "w1").count("unlinked") == 1
    assert "jobs" in [each for each in lines(new_fleet, "server") if each["event"] == "server ready"][1]


@pytest.mark.parametrize("command", ["server", "worker", "up"])
def test_a_wrong_level_is_told_before_anything_starts(new_fleet: Fleet, command: str) -> None:
    for words, env in (((command, "--log-level", "inof"), {}), ((command,), {"PACELINE_LOG_LEVEL": "inof"})):
        done = paceline(new_fleet, *words, **env, PACELINE_SERVER="127.0.0.1:1")
        assert done.returncode == 2
        assert "there is no level 'inof'" in done.stderr
        assert "hint: did you mean info?" in done.stderr


def test_no_surface_tells_a_secret(new_fleet: Fleet) -> None:
    new_fleet.start_server("--http-port", "0", "--log-level", "debug")
    new_fleet.start_worker("w1", "--cpus", "1", "--log-level", "debug")
    paceline(new_fleet, "run", "--env", f"KEY={CANARY}", "--", "sh", "-c", f"echo {CANARY} >&2; exit 3")
    paceline(new_fleet, "run", "--each-line", "/dev/null", "--", "true")
    bridge().run(_fail(new_fleet))
    http = json.loads(ServerOptions(home=new_fleet.home).whereabouts.read_text())["http"]
    token = ServerOptions(home=new_fleet.home).admin_token.read_text().strip()
    told = [
        get(f"{http}/api/jobs?x={CANARY}", f"pl_admin_{CANARY}"),
        get(f"{http}/metrics", token),
        get(f"{http}/api/jobs/none", token),
        paceline(new_fleet, "events", "--json").stdout,
        new_fleet.said("server"),
        new_fleet.said("w1"),
    ]
    assert all(told)
    for text in told:
        assert CANARY not in text
        assert token not in text
    assert re.search(r"pl_(admin|worker|join)_[\w-]{20}", "".join(told[-2:])) is None
    assert '"event":"http"' in new_fleet.said("server")


async def _fail(fleet: Fleet) -> None:
    async with Client(fleet.options) as client:
        with pytest.raises(ValueError, match="it is no good"):
            await client.call(_refuse, CANARY)


def _refuse(text: str) -> None:
    raise ValueError("it is no good")


def get(url: str, token: str) -> str:
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


# ── traces ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fleet, Collector]]:
    """A fleet whose server tells a collector. Each test's jobs have a name of their own."""
    fleet = Fleet(tmp_path_factory.mktemp("traced"))
    with Collector().listening() as collector:
        fleet.env = {**fleet.env, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        fleet.start_server("--http-port", "0")
        fleet.start_worker("w1", "--cpus", "2")
        yield fleet, collector
        fleet.stop()


def test_from_the_callers_span_to_the_program(traced: tuple[Fleet, Collector]) -> None:
    fleet, collector = traced
    caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    words = ("run", "--name", "train", "--", sys.executable, "-c", PRINT, "3")
    done = paceline(fleet, *words, TRACEPARENT=caller)
    assert done.returncode == 3, done.stderr
    place = read(done.stdout)
    assert place is not None
    [(client, submit)] = collector.wait_for(1, "submit train")
    [(server, attempt)] = collector.wait_for(1, "attempt train")
    assert (client, server) == ("paceline-client", "paceline-server")
    assert {submit.trace_id.hex(), attempt.trace_id.hex(), place.trace} == {"4bf92f3577b34da6a3ce929d0e0e4736"}
    assert submit.parent_span_id.hex() == "00f067aa0ba902b7"
    assert attempt.parent_span_id == submit.span_id
    assert attempt.span_id.hex() == place.span
    assert (attempt.status.code, attempt.status.message) == (Status.STATUS_CODE_ERROR, "FAILED, exit code 3")
    about = attributes(attempt)
    assert (about["paceline.job.name"], about["paceline.worker"], about["process.exit.code"]) == ("train", "w1", 3)


async def _places(fleet: Fleet) -> list[str]:
    async with Client(fleet.options) as client:
        return [await client.call(_own_place) for _ in range(2)]


def _own_place() -> str:
    import os  # noqa: PLC0415 - travels with the function

    return os.environ["TRACEPARENT"]


def test_functions_too_and_what_comes_without_a_trace_begins_one(traced: tuple[Fleet, Collector]) -> None:
    fleet, collector = traced
    places = [read(text) for text in bridge().run(_places(fleet))]
    [(server, submit)] = collector.wait_for(1, "submit _own_place")
    attempts = [span for _, span in collector.wait_for(2, "attempt _own_place")]
    assert server == "paceline-server"
    assert submit.parent_span_id == b""
    assert {attempt.parent_span_id for attempt in attempts} == {submit.span_id}
    assert [each.span for each in places if each] == [attempt.span_id.hex() for attempt in attempts]


def test_a_request_says_where_it_belongs(traced: tuple[Fleet, Collector]) -> None:
    fleet, collector = traced
    home = ServerOptions(home=fleet.home)
    http, token = json.loads(home.whereabouts.read_text())["http"], home.admin_token.read_text().strip()
    caller = "00-5bf92f3577b34da6a3ce929d0e0e4736-10f067aa0ba902b7-01"
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "traceparent": caller}
    body = json.dumps({"name": "rest", "run": ["true"]}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{http}/api/jobs", body, headers), timeout=10).close()
    [(_, attempt)] = collector.wait_for(1, "attempt rest")
    assert (attempt.trace_id.hex(), attempt.parent_span_id.hex()) == (caller[3:35], caller[36:52])


def test_what_was_submitted_before_a_restart_is_told_of_after_it(traced: tuple[Fleet, Collector]) -> None:
    fleet, collector = traced
    done = paceline(fleet, "submit", "--name", "long", "--shell", "--", "while [ ! -e go ]; do sleep 0.1; done")
    assert done.returncode == 0, done.stderr
    [(_, submit)] = collector.wait_for(1, "submit long")
    fleet.kill_server()
    fleet.start_server("--http-port", "0")
    (fleet.home / "go").touch()
    [(_, attempt)] = collector.wait_for(1, "attempt long")
    assert attempt.parent_span_id == submit.span_id


def test_nobody_waits_for_a_collector_that_is_not_there(new_fleet: Fleet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    plain = new_fleet.env
    new_fleet.env = {**plain, "OTEL_EXPORTER_OTLP_ENDPOINT": nobody}
    new_fleet.start_server("--http-port", "0")
    new_fleet.env = plain
    for _ in range(2):
        assert paceline(new_fleet, "submit", "--", "true").returncode == 0
    until(lambda: "traces are not taken" in events(new_fleet, "server"), "it is missed")
    assert new_fleet.server is not None
    began = time.monotonic()  # noqa: TID251 - a real process keeps real time
    new_fleet.server.terminate()
    new_fleet.server.wait(10)
    assert time.monotonic() - began < 6.0  # noqa: TID251
    assert events(new_fleet, "server").count("traces are not taken") == 1
