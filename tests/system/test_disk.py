"""Full disks: the server goes read-only, a worker takes nothing new; both go on by themselves, and nothing is lost."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from paceline.model.errors import TryAgain
from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.views import JobView, TaskView
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client
from tests.mounts import small_disk
from tests.system.chaos import tracer
from tests.system.conftest import Fleet, until

pytestmark = pytest.mark.system

T = TypeVar("T")
UNWRITABLE = "its disk cannot be written: no space left on device"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB and a hundred files."""
    with small_disk(tmp_path / "small", "size=8m,nr_inodes=100") as place:
        yield place


@contextmanager
def filled(place: Path) -> Iterator[None]:
    """No space left while inside."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    yield
    ballast.unlink()


@contextmanager
def crowded(place: Path) -> Iterator[None]:
    """No file can be made while inside, though there is space."""
    crowd = place / "crowd"
    crowd.mkdir()
    with suppress(OSError):
        for number in range(100):
            (crowd / str(number)).touch()
    yield
    shutil.rmtree(crowd)


def ask(fleet: Fleet, question: Callable[[Client], Awaitable[T]]) -> T:
    async def asking() -> T:
        async with Client(fleet.options) as client:
            return await question(client)

    return bridge().run(asking())


def submit(fleet: Fleet, script: str, count: int = 1, cwd: str = "") -> JobId:
    run = Spec(kind="command", body=json.dumps({"argv": ["sh", "-c", script]}).encode(), cwd=cwd)
    spec = JobSpec(name="job", run=run, ranges=(Range(start=0, stop=count),))
    return JobId(ask(fleet, lambda client: client.submit([spec])).jobs[0])


def view(fleet: Fleet, job: JobId) -> JobView:
    return ask(fleet, lambda client: client.jobs(ids=[job]))[0]


def attempts(fleet: Fleet, job: JobId) -> Sequence[TaskView]:
    """Of its first task."""
    return ask(fleet, lambda client: client.attempts(TaskId(job, 0)))


def paceline(fleet: Fleet, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "paceline", *words], env=fleet.env, capture_output=True, text=True, check=False
    )


def trouble(fleet: Fleet) -> str:
    return ask(fleet, lambda client: client.info()).trouble


def finish(fleet: Fleet, job: JobId) -> str:
    async def last(client: Client) -> str:
        async with asyncio.timeout(60):
            async for update in client.watch([job]):
                state = update.jobs[0].state
        return state

    return ask(fleet, last)


def test_a_server_without_space_is_read_only_and_goes_on_by_itself(new_fleet: Fleet, small: Path) -> None:
    fleet, go = new_fleet, new_fleet.home / "go"
    fleet.start_server("--store", str(small / "paceline.db"), "--beat", "0.3", "--lease", "2", "--reserve", "1MiB")
    fleet.start_worker("w1", "--cpus", "4")
    job = submit(fleet, f"until test -e {go}; do sleep 0.1; done; head -c 200000 /dev/zero", 8)
    until(lambda: view(fleet, job).running == 4, "some tasks run")
    with filled(small):
        with pytest.raises(TryAgain, match=f"accepts nothing new: 0 MiB are left on {small}") as refused:
            submit(fleet, "true")
        assert "goes on by itself" in refused.value.hint
        go.touch()  # there is much to keep
        until(lambda: "read-only: no space left on" in trouble(fleet), "the server is read-only")
        with pytest.raises(TryAgain, match="read-only"):
            ask(fleet, lambda client: client.cancel(job))
        assert view(fleet, job).total == 8
        assert "read-only: no space left on" in paceline(fleet, "ps").stderr
        refused_too = paceline(fleet, "submit", "--", "true")
        assert (refused_too.returncode, "hint: free some space" in refused_too.stderr) == (75, True)
        time.sleep(2.5)  # longer than the lease
    until(lambda: not trouble(fleet), "the server goes on")
    assert finish(fleet, job) == "SUCCEEDED"
    assert finish(fleet, submit(fleet, "true")) == "SUCCEEDED"
    attempts = ask(fleet, lambda client: client.tasks(job))
    assert {each.attempt for each in attempts} == {1}


def test_a_server_whose_disk_loses_what_it_was_given_ends_and_the_next_one_goes_on(new_fleet: Fleet) -> None:
    if reason := tracer.missing():
        pytest.skip(reason)
    fleet, go = new_fleet, new_fleet.home / "go"
    fleet.start_server()
    fleet.start_worker("w1", "--cpus", "1")
    job = submit(fleet, f"until test -e {go}; do sleep 0.1; done", 2)
    until(lambda: view(fleet, job).running == 1, "a task runs")
    assert fleet.server is not None
    (keeper,) = (child for child in psutil.Process(fleet.server.pid).children() if "keep" in child.cmdline())
    with tracer.injected(keeper.pid, ["fsync", "fdatasync"], "error=EIO", "1+"):
        go.touch()
        assert fleet.server.wait(30) == 1
    assert "paceline.db: the disk did not make durable what it was given\n" in fleet.said("server")
    assert "hint: see to the disk (`dmesg` tells more), then start the server again" in fleet.said("server")
    fleet.start_server()
    assert finish(fleet, job) == "SUCCEEDED"
    assert [len(attempts(fleet, job)), view(fleet, job).succeeded] == [1, 2]


def test_a_worker_without_space_takes_nothing_new_and_comes_back(new_fleet: Fleet, small: Path) -> None:
    fleet, go = new_fleet, new_fleet.home / "go"
    fleet.start_server("--beat", "0.5", "--lease", "3")
    (fleet.home / "workers").mkdir()
    (fleet.home / "workers" / "w1").symlink_to(small)
    fleet.start_worker("w1", "--cpus", "2", "--reserve", "1MiB")
    job = submit(fleet, f"until test -e {go}; do sleep 0.1; done", 6)
    until(lambda: view(fleet, job).running == 2, "some tasks run")
    with filled(small):
        until(lambda: [each.state for each in fleet.seen()] == ["DRAINING"], "the worker takes nothing new")
        assert fleet.seen()[0].reason == UNWRITABLE
        told = ask(fleet, lambda client: client.explain(TaskId(job, 5)))
        assert f"but is draining ({UNWRITABLE})" in told.causes[0].text
        go.touch()
        until(lambda: view(fleet, job).succeeded == 2, "the ends of what ran are told all the same")
        time.sleep(1.0)
        assert (view(fleet, job).waiting, view(fleet, job).running) == (4, 0)
    until(lambda: [each.state for each in fleet.seen()] == ["READY"], "the worker takes work again")
    assert finish(fleet, job) == "SUCCEEDED"
    assert {each.attempt for each in ask(fleet, lambda client: client.tasks(job))} <= {1, 2}


def start_on(fleet: Fleet, place: Path, reserve: str) -> None:
    """A server, and a worker that works on this file system."""
    fleet.start_server()
    (fleet.home / "workers").mkdir()
    (fleet.home / "workers" / "w1").symlink_to(place)
    fleet.start_worker("w1", "--cpus", "2", "--reserve", reserve)


def test_a_task_that_could_not_begin_for_want_of_a_file_is_given_back(new_fleet: Fleet, small: Path) -> None:
    fleet = new_fleet
    start_on(fleet, small, "1MiB")
    with crowded(small):
        jobs = [submit(fleet, "true"), submit(fleet, "true", cwd="/")]
        until(lambda: [each.reason for each in fleet.seen()] == [UNWRITABLE], "the worker takes nothing new")
        told = ask(fleet, lambda client: client.explain(TaskId(jobs[0], 0)))
        assert f"but is draining ({UNWRITABLE})" in told.causes[0].text
        assert {view(fleet, job).state for job in jobs} == {"WAITING"}
    assert [finish(fleet, job) for job in jobs] == ["SUCCEEDED", "SUCCEEDED"]
    assert {each.outcome for job in jobs for each in attempts(fleet, job)} == {"RETURNED", "SUCCEEDED"}


def test_a_task_that_fills_the_disk_itself_fails_by_itself(new_fleet: Fleet, small: Path) -> None:
    fleet = new_fleet
    start_on(fleet, small, "1KiB")
    job = submit(fleet, "head -c 20000000 /dev/zero > much || exit 7")
    assert finish(fleet, job) == "FAILED"
    (end,) = attempts(fleet, job)
    assert (end.outcome, end.code) == ("FAILED", 7)
