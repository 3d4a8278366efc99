"""kill -9 of each process, in the middle of work: nothing acknowledged is lost, nothing is recorded twice.

Every task leaves its own evidence in a *witness* directory, outside of Paceline: a file per attempt with the process
that ran it. What Paceline says is compared with what the witness saw.
"""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.model.views import JobView, ResultRow, TaskView
from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client
from tests.system.conftest import Fleet, until

pytestmark = pytest.mark.system

T = TypeVar("T")

SCRIPT = """
echo $$ > "$WITNESS/$PACELINE_TASK_ID-$PACELINE_ATTEMPT"
sleep "$NAP"
echo "done $PACELINE_TASK_ID"
"""


class Work:
    """An array of naps on a fleet, and its witness."""

    def __init__(self, fleet: Fleet, witness: Path) -> None:
        self.fleet = fleet
        self.witness = witness
        witness.mkdir()

    def submit(self, count: int, nap: float, retry: Retry = Retry()) -> JobId:  # noqa: B008 - frozen
        env = (("WITNESS", str(self.witness)), ("NAP", str(nap)))
        run = Spec(kind="command", body=json.dumps({"argv": ["sh", "-c", SCRIPT]}).encode(), env=env, grace=0.5)
        spec = JobSpec(name="naps", run=run, ranges=(Range(start=0, stop=count),), retry=retry)
        submission = self.ask(lambda client: client.submit([spec]))
        return JobId(submission.jobs[0])

    def ask(self, question: Callable[[Client], Awaitable[T]]) -> T:
        async def asking() -> T:
            async with Client(self.fleet.options) as client:
                return await question(client)

        return bridge().run(asking())

    def job(self, job: JobId) -> JobView:
        async def one(client: Client) -> JobView:
            [view] = await client.jobs(ids=[job])
            return view

        return self.ask(one)

    def finish(self, job: JobId) -> JobView:
        """The job once it is over."""

        async def last(client: Client) -> JobView:
            async with asyncio.timeout(90):
                async for update in client.watch([job]):
                    view = update.jobs[0]
            return view

        return self.ask(last)

    def rows(self, job: JobId) -> Sequence[ResultRow]:
        return self.ask(lambda client: client.results(job))

    def attempts(self, task: TaskId) -> Sequence[TaskView]:
        return self.ask(lambda client: client.attempts(task))

    def log(self, task: TaskId) -> bytes:
        async def read(client: Client) -> bytes:
            return b"".join([page.data async for _, page in client.logs(task, stream="out")])

        return self.ask(read)

    def begun(self) -> list[Path]:
        """A file per attempt that began, once its process wrote itself down."""
        return [path for path in self.witness.iterdir() if path.read_text()]

    def runs(self) -> Counter[str]:
        """Task → attempts that began."""
        return Counter(path.name.rpartition("-")[0] for path in self.begun())


@pytest.fixture
def work(new_fleet: Fleet, tmp_path: Path) -> Work:
    new_fleet.start_server("--beat", "0.5", "--lease", "4")
    return Work(new_fleet, tmp_path / "witness")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def all_recorded_once(work: Work, job: JobId, count: int) -> None:
    view = work.finish(job)
    assert (view.state, view.succeeded, view.total) == ("SUCCEEDED", count, count)
    assert [row.index for row in work.rows(job)] == list(range(count))
    for index in (0, count // 2, count - 1):
        assert work.log(TaskId(job, index)) == f"done {job}.{index}\n".encode()


def test_a_killed_server_loses_nothing_and_runs_nothing_twice(work: Work) -> None:
    work.fleet.start_worker("w1", "--cpus", "4")
    job = work.submit(60, 0.15)
    for share in (5, 25):
        until(lambda share=share: len(work.begun()) >= share, "some tasks began")  # type: ignore[misc]
        work.fleet.kill_server()
        work.fleet.start_server("--beat", "0.5", "--lease", "4")
    all_recorded_once(work, job, 60)
    assert set(work.runs().values()) == {1}


def test_a_killed_agent_loses_no_running_task(work: Work) -> None:
    work.fleet.start_worker("w1", "--cpus", "2")
    job = work.submit(2, 2.0)
    until(lambda: len(work.begun()) == 2, "both tasks run")
    work.fleet.kill_worker("w1")
    work.fleet.start_worker("w1", "--cpus", "2")
    all_recorded_once(work, job, 2)
    assert set(work.runs().values()) == {1}
    assert {row.number for row in work.rows(job)} == {1}


def test_a_killed_supervisor_takes_its_tasks_along_and_they_run_again(work: Work) -> None:
    work.fleet.start_worker("w1", "--cpus", "2")
    job = work.submit(4, 1.0)
    until(lambda: len(work.begun()) == 2, "two tasks run")
    pids = [int(path.read_text()) for path in work.begun()]
    [supervisor] = work.fleet.supervisors()
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not any(map(alive, pids)), "what the supervisor ran is gone")
    all_recorded_once(work, job, 4)
    first = work.attempts(TaskId(job, 0))
    assert [view.outcome for view in first] == ["LOST", "SUCCEEDED"]
    assert "supervisor" in first[0].detail


def test_a_worker_killed_whole_leaves_nothing_running_and_runs_it_again_when_it_is_back(work: Work) -> None:
    work.fleet.start_worker("w1", "--cpus", "2")
    job = work.submit(2, 2.0)
    until(lambda: len(work.begun()) == 2, "both tasks run")
    old = [int(path.read_text()) for path in work.begun()]
    [supervisor] = work.fleet.supervisors()
    work.fleet.kill_worker("w1")
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not any(map(alive, old)), "nothing of it runs on, with nobody to start it again", 1.0)
    until(lambda: all(view.state != "READY" for view in work.fleet.seen()), "the server notices", 1.0)
    work.fleet.start_worker("w1", "--cpus", "2")
    all_recorded_once(work, job, 2)
    first, *_, last = work.attempts(TaskId(job, 0))
    assert first.outcome in ("LOST", "RETURNED")  # the latter if it was killed before it could tell what it had begun
    assert last.outcome == "SUCCEEDED"


def test_a_killed_program_is_its_own_failure(work: Work) -> None:
    work.fleet.start_worker("w1", "--cpus", "2")
    job = work.submit(2, 60.0, Retry(failures=1, base=0.1))
    for attempts in (2, 4):
        until(lambda attempts=attempts: len(work.begun()) == attempts, "the attempts run")  # type: ignore[misc]
        for path in sorted(work.begun())[attempts - 2 :] if attempts == 2 else work.begun():
            if alive(int(path.read_text())):
                os.kill(int(path.read_text()), signal.SIGKILL)
    view = work.finish(job)
    assert (view.state, view.failed) == ("FAILED", 2)
    outcomes = [(each.outcome, each.code) for each in work.attempts(TaskId(job, 0))]
    assert outcomes == [("FAILED", -9), ("FAILED", -9)]


def test_a_worker_that_vanishes_stops_itself_before_its_tasks_run_elsewhere(work: Work) -> None:
    work.fleet.start_worker("w1", "--cpus", "2")
    job = work.submit(2, 5.0)
    until(lambda: len(work.begun()) == 2, "both tasks run")
    old = [int(path.read_text()) for path in work.begun()]
    work.fleet.start_worker("w2", "--cpus", "2")
    work.fleet.kill_worker("w1")

    def again() -> bool:
        new = [path for path in work.begun() if path.name.endswith("-2")]
        assert not new or not any(map(alive, old)), "the old attempt ran beside the new one"
        return len(new) == 2

    until(again, "both tasks run on the other worker")
    all_recorded_once(work, job, 2)
    assert {view.worker for view in work.ask(lambda client: client.tasks(job))} == {"w2"}
    assert [view.outcome for view in work.attempts(TaskId(job, 0))] == ["LOST", "SUCCEEDED"]


def test_everything_killed_at_once_comes_back(work: Work) -> None:
    work.fleet.start_worker("w1", "--cpus", "2")
    job = work.submit(12, 0.4)
    until(lambda: len(work.begun()) >= 3, "some tasks began")
    [supervisor] = work.fleet.supervisors()
    work.fleet.kill_server()
    os.kill(supervisor, signal.SIGKILL)
    work.fleet.kill_worker("w1")
    work.fleet.start_server("--beat", "0.5", "--lease", "4")
    work.fleet.start_worker("w1", "--cpus", "2")
    all_recorded_once(work, job, 12)


def test_cancel_is_said_when_the_whole_tree_is_gone(work: Work) -> None:
    work.fleet.start_worker("w1", "--cpus", "2")
    stubborn = f"""
    trap '' TERM
    setsid sh -c 'trap "" TERM; echo $$ > {work.witness}/daemon; while :; do sleep 0.1; done' &
    echo $$ > {work.witness}/root
    while :; do sleep 0.1; done
    """
    run = Spec(kind="command", body=json.dumps({"argv": ["sh", "-c", stubborn]}).encode(), grace=0.3)
    submission = work.ask(lambda client: client.submit([JobSpec(name="stubborn", run=run)]))
    until(lambda: len(work.begun()) == 2, "the tree stands")
    pids = [int(path.read_text()) for path in work.begun()]
    job = JobId(submission.jobs[0])
    work.ask(lambda client: client.cancel(job, reason="enough"))
    view = work.finish(job)
    assert view.state == "CANCELLED"
    assert not any(map(alive, pids))
