"""Workers as the server sees them, and those of this home."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.cli.doctor import fleet, local
from paceline.cli.doctor.finding import Finding, State
from paceline.model.resources import Capacity
from paceline.model.views import WorkerView
from paceline.model.worker import Machine
from tests.cli.doctor.around import asked, free_port, near, served, told
from tests.server.conftest import ScriptedWorker, Served

READY = WorkerView(
    worker=1,
    name="w",
    state="READY",
    machine=Machine(host="box", capacity=Capacity(cpu=1000, memory=1, disk=1)),
    seen_at=100.0,
    running=0,
    cpu_free=1000,
    memory_free=1,
    gpus_free=0,
)


async def _joins(server: Served) -> ScriptedWorker:
    async with server.client() as client:
        worker = ScriptedWorker(server)
        await worker.__aenter__()
        number, key = await worker.join((await client.create_token("join")).token)
        await worker.hello(number, key)
        await worker.hear("welcome")
    return worker


def test_nobody_has_ever_come(tmp_path: Path) -> None:
    [found] = served(tmp_path, fleet.workers)
    assert found.state is State.PROBLEM
    assert "paceline worker --server 127.0.0.1:" in found.todo


def test_somebody_is_ready(tmp_path: Path) -> None:
    [found] = served(tmp_path, fleet.workers, before=_joins)
    assert told([found]) == [("ok", "ready: w")]


def test_somebody_drains(tmp_path: Path) -> None:
    async def before(server: Served) -> None:
        worker = await _joins(server)
        async with server.client() as client:
            await client.drain(1)
        await worker.hear("drain")

    nobody, drains = served(tmp_path, fleet.workers, before=before)
    assert nobody.state is State.PROBLEM
    assert drains.state is State.WARNING
    assert drains.todo == "give it work again: paceline worker resume w"


def test_somebody_has_no_room() -> None:
    full = replace(READY, state="DRAINING", reason="12 MiB are left, less than the reserve of 64 MiB")
    drains = _judged(full)[1]
    assert drains.finding == f"w drains ({full.reason}): it takes nothing new"
    assert drains.todo == "see to what it says; it takes work again by itself"


def test_somebody_has_gone() -> None:
    assert _sentences(replace(READY, state="AWAY")) == [
        ("problem", "no worker is ready: nothing can run"),
        ("warning", "w is away: its connection broke, silent for 5.0s"),
    ]
    lost = _judged(replace(READY, state="LOST"), replace(READY, name="v"))[1]
    assert lost.finding == "w is lost: silent for 5.0s, what it ran has gone to others"
    assert lost.todo == "start it again on box: paceline worker --name w --server box:50051"


def test_who_left_or_came_back_under_his_name_is_not_missed() -> None:
    back = replace(READY, worker=2)
    assert _sentences(replace(READY, state="LOST"), back) == [("ok", "ready: w")]
    assert _sentences(replace(READY, state="LEFT"), replace(back, name="v")) == [("ok", "ready: v")]


def test_workers_of_another_version() -> None:
    older = replace(READY, machine=replace(READY.machine, version="0.0.9"))
    found = _judged(older)[1]
    assert found.state is State.WARNING
    assert found.finding == "of another version than the server (0.1.0): w 0.0.9"


def _judged(*views: WorkerView) -> Sequence[Finding]:
    return fleet.judged(views, now=105.0, server="box:50051", version="0.1.0")


def _sentences(*views: WorkerView) -> Sequence[tuple[str, str]]:
    return told(_judged(*views))


# ── of this home ────────────────────────────────────────────────────────────────────────────────────────────────────


def make_worker(home: Path, name: str, *, log: str = "", key: bool = True) -> Path:
    directory = home / "workers" / name
    directory.mkdir(parents=True)
    (directory / "agent.lock").touch()
    if key:
        (directory / "key").touch()
    if log:
        (home / "logs").mkdir(exist_ok=True)
        (home / "logs" / f"{name}.log").write_text(log)
    return directory


def test_none_was_ever_started(tmp_path: Path) -> None:
    assert told(asked(near(tmp_path, free_port()), local.registered)) == [
        ("ok", "no worker was ever started from this home")
    ]


def test_one_that_runs_and_is_not_known(tmp_path: Path) -> None:
    directory = make_worker(tmp_path, "w9", log="hello\nerror: the worker key is not good\nbye\n")
    about = {"name": "w9", "http": "", "grpc": "", "server": "other:50051", "started_at": 0.0, "pid": os.getpid()}
    (directory / "worker.json").write_text(json.dumps(about))
    with (directory / "agent.lock").open():
        [found] = served(tmp_path, local.registered)
    assert found.state is State.PROBLEM
    assert found.fields["pid"] == os.getpid()
    assert "it belongs to other:50051" in found.finding
    assert "it said: error: the worker key is not good" in found.finding


def test_one_that_runs_and_is_known(tmp_path: Path) -> None:
    directory = make_worker(tmp_path, "w")
    with (directory / "agent.lock").open():
        [found] = served(tmp_path, local.registered, before=_joins)
    assert told([found]) == [("ok", f"w runs (process {os.getpid()}), and the server knows it")]


def test_one_that_does_not_run(tmp_path: Path) -> None:
    make_worker(tmp_path, "w9", log="the last line\n")
    [found] = served(tmp_path, local.registered)
    assert told([found]) == [("warning", "w9 does not run; it said: the last line")]
    assert found.todo.startswith("start it: paceline worker --name w9")


def test_one_that_never_joined(tmp_path: Path) -> None:
    make_worker(tmp_path, "w9", key=False)
    [found] = served(tmp_path, local.registered)
    assert found.state is State.WARNING
    assert "paceline token create --join" in found.todo


def test_one_that_could_not_even_begin_has_a_log(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "w9.log").write_text("error: no space left\n")
    (tmp_path / "logs" / "server.log").write_text("error: of the server\n")
    [found] = asked(near(tmp_path, free_port()), local.registered)
    assert found.state is State.SKIPPED
    assert (
        found.finding == "w9 does not run; whether the server knows it cannot be asked; it said: error: no space left"
    )


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("hello\nerror: no key\n  in line 3\n", "error: no key"),
        ('{"time":"…","level":"error","process":"worker","event":"no room","free":3}\n', "no room free=3"),
        ('{"time":"…","level":"info","process":"worker","event":"worker ready"}\n', "worker ready"),
        ("[1]\n", "[1]"),
        ("", ""),
    ],
)
def test_what_a_log_says_last(tmp_path: Path, log: str, said: str) -> None:
    file = tmp_path / "w.log"
    file.write_text(log)
    assert local.last_error(file) == said
