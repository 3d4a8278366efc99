"""The 80-line worker of ``examples``, beside our own: the same work, the same promises."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest

from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.views import TaskView
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client
from tests.system.conftest import PATIENCE, Fleet, Process, until

pytestmark = pytest.mark.system

EXAMPLE = Path(__file__).parents[2] / "examples" / "minimal_worker.py"

T = TypeVar("T")


class Site:
    """A server, and whatever works for it."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.minimal: Process

    def start_minimal(self) -> None:
        """Returns once it is there."""
        token = self.ask(lambda client: client.create_token("join", name="for minimal")).token
        with (self.fleet.home / "minimal.log").open("ab") as log:
            self.minimal = subprocess.Popen(
                [sys.executable, EXAMPLE, self.fleet.options.address],
                env={**os.environ, "JOIN_TOKEN": token},
                stdout=log,
                stderr=log,
            )
        until(lambda: self.state() == "READY", "the minimal worker is there")

    def state(self) -> str:
        """Of the minimal worker; empty before it came."""
        views = self.ask(lambda client: client.workers(all=True))
        return next((view.state for view in views if view.name == "worker"), "")

    def ask(self, question: Callable[[Client], Awaitable[T]]) -> T:
        async def asking() -> T:
            async with Client(self.fleet.options) as client:
                return await question(client)

        return bridge().run(asking())

    def submit(self, *argv: str, tasks: int = 1, **fields: object) -> JobId:
        run = Spec(kind="command", body=json.dumps({"argv": argv}).encode(), **fields)  # type: ignore[arg-type]
        spec = JobSpec(name="work", run=run, ranges=(Range(start=0, stop=tasks),))
        return JobId(self.ask(lambda client: client.submit([spec])).jobs[0])

    def tasks(self, job: JobId) -> Sequence[TaskView]:
        return self.ask(lambda client: client.tasks(job))

    def task(self, job: JobId) -> TaskView:
        return self.tasks(job)[0]

    def over(self, job: JobId) -> Sequence[TaskView]:
        """Its tasks, once they are over."""
        until(lambda: all(task.ended_at for task in self.tasks(job)), f"job {job} is over")
        return self.tasks(job)

    def output(self, job: JobId) -> str:
        async def read(client: Client) -> str:
            return b"".join([page.data async for _, page in client.logs(TaskId(job, 0))]).decode()

        return self.ask(read)

    def stop(self) -> None:
        self.minimal.send_signal(signal.SIGCONT)
        self.minimal.kill()
        self.minimal.wait(PATIENCE)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests that leave it as it was, with the lease that is usual."""
    fleet = Fleet(tmp_path_factory.mktemp("calm"))
    fleet.start_server("--http-port", "0", "--beat", "0.5", "--lease", "20")
    site = Site(fleet)
    site.start_minimal()
    yield site
    site.stop()
    fleet.stop()


@pytest.fixture
def site(new_fleet: Fleet) -> Iterator[Site]:
    """One whose worker is soon given up."""
    new_fleet.start_server("--http-port", "0", "--beat", "0.3", "--lease", "2")
    site = Site(new_fleet)
    site.start_minimal()
    yield site
    site.stop()


def alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def written(file: Path) -> int:
    """The process that wrote itself down there."""
    until(lambda: file.exists() and file.read_text().strip(), f"{file.name} is written")
    return int(file.read_text())


def test_it_is_as_short_as_it_is_said_to_be() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 80


def test_it_works_beside_one_of_ours_and_leaves_when_it_is_told_to(site: Site) -> None:
    site.fleet.start_worker("ours", "--cpus", "2")
    job = site.submit("sh", "-c", "sleep 0.1; echo task $PACELINE_TASK_ID", tasks=24)
    tasks = site.over(job)
    assert {task.state for task in tasks} == {"SUCCEEDED"}
    assert {task.worker for task in tasks} == {"worker", "ours"}
    assert site.output(job) == f"task {job}.0\n"
    site.minimal.send_signal(signal.SIGTERM)
    assert site.minimal.wait(PATIENCE) == 0, site.fleet.said("minimal")
    assert site.state() == "LEFT"


def test_it_tells_how_a_task_ended(calm: Site, tmp_path: Path) -> None:
    failing = calm.submit("sh", "-c", "echo oh no >&2; exit 3")
    slow = calm.submit("sleep", "60", timeout=0.2)
    nowhere = calm.submit("pwd", cwd=str(tmp_path / "nowhere"))
    somewhere = calm.submit("pwd", cwd=str(tmp_path))
    endless = calm.submit("true", env=(("LONG", "x" * 200_000),))
    [task] = calm.over(failing)
    assert (task.outcome, task.code, task.detail, calm.output(failing)) == ("FAILED", 3, "exit code 3", "oh no\n")
    assert calm.over(slow)[0].outcome == "TIMEOUT"
    assert calm.over(nowhere)[0].outcome == "FAILED"
    assert "No such file or directory" in calm.output(nowhere)
    assert (calm.over(endless)[0].outcome, calm.over(endless)[0].detail[:9]) == ("LAUNCH", "[Errno 7]")
    assert (calm.over(somewhere)[0].outcome, calm.output(somewhere)) == ("SUCCEEDED", f"{tmp_path}\n")


def test_a_cancel_ends_what_it_runs(calm: Site, tmp_path: Path) -> None:
    job = calm.submit("sh", "-c", f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    child = written(tmp_path / "pid")
    calm.ask(lambda client: client.cancel(job))
    assert calm.over(job)[0].state == "CANCELLED"
    until(lambda: not alive(child), "the child of what was cancelled is gone")


def test_what_it_ran_when_it_was_killed_runs_elsewhere(site: Site, tmp_path: Path) -> None:
    job = site.submit("sh", "-c", f"echo $$ > {tmp_path}/$PACELINE_ATTEMPT; [ $PACELINE_ATTEMPT = 2 ] || sleep 60")
    first = written(tmp_path / "1")
    site.minimal.kill()
    site.fleet.start_worker("ours")
    [task] = site.over(job)
    assert (task.state, task.attempt, task.worker) == ("SUCCEEDED", 2, "ours")
    assert not alive(first)
    assert site.state() == "LOST"


def test_what_it_says_after_its_lease_changes_nothing(site: Site, tmp_path: Path) -> None:
    late = site.submit("sh", "-c", f"echo $$ > {tmp_path}/late$PACELINE_ATTEMPT; sleep 0.5; echo $PACELINE_ATTEMPT")
    written(tmp_path / "late1")
    site.minimal.send_signal(signal.SIGSTOP)
    site.fleet.start_worker("ours")
    [task] = site.over(late)
    assert (task.state, task.attempt, task.worker) == ("SUCCEEDED", 2, "ours")
    site.minimal.send_signal(signal.SIGCONT)
    until(lambda: site.state() == "READY", "the minimal worker is back")
    again = site.submit("true", tasks=8)
    assert {task.state for task in site.over(again)} == {"SUCCEEDED"}
    assert site.output(late) == "2\n"
    assert (site.task(late).attempt, site.task(late).worker) == (2, "ours")


def test_it_goes_on_with_what_it_has_after_a_restart_of_the_server(calm: Site, tmp_path: Path) -> None:
    job = calm.submit("sh", "-c", f"echo $$ > {tmp_path}/pid; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done")
    first = written(tmp_path / "pid")
    calm.fleet.kill_server()
    calm.fleet.start_server("--http-port", "0", "--beat", "0.5", "--lease", "20")
    until(lambda: calm.state() == "READY", "the minimal worker is back")
    assert alive(first)
    (tmp_path / "go").touch()
    [task] = calm.over(job)
    assert (task.state, task.attempt) == ("SUCCEEDED", 1)
