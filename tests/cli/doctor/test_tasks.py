"""Tasks that wait in vain, and how others ended."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.cli.doctor import failures, waiting
from paceline.cli.doctor.finding import State
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.resources import Need
from paceline.model.views import TaskView
from paceline.wire.gen import worker_pb2 as pb
from tests.cli.doctor.around import served, told
from tests.server.conftest import ScriptedWorker, Served

TRUE = Spec(kind="command", body=json.dumps({"argv": ["true"]}).encode())


def submitted(*needs: Need, ends: str = "") -> Callable[[Served], Awaitable[object]]:
    """A worker of two processors has joined, and a job of these needs waits; or its task has ended like this."""

    async def before(server: Served) -> None:
        async with server.client() as client:
            worker = ScriptedWorker(server)
            await worker.__aenter__()
            number, key = await worker.join((await client.create_token("join")).token)
            await worker.hello(number, key)
            await worker.hear("welcome")
            spec = JobSpec(name="j", run=TRUE, ranges=(Range(start=0, stop=1),), needs=needs or (Need(),))
            await client.submit([spec])
            if ends:
                await worker.hear("grant")
                done = pb.Endings(job=1, indexes=[0], numbers=[1], outcomes=[ends], results=[b""], seconds=[0.5])
                await worker.say(pb.WorkerWord(ended=done))
                await worker.hear("settled")

    return before


def test_nothing_waits(tmp_path: Path) -> None:
    assert told(served(tmp_path, waiting.waiting, waiting.packages)) == [
        ("ok", "nothing waits"),
        ("ok", "nothing that waits wants anything installed"),
    ]


def test_a_task_that_no_machine_is_large_enough_for(tmp_path: Path) -> None:
    stuck, nothing = served(tmp_path, waiting.waiting, waiting.packages, before=submitted(Need(cpu=5000)))
    assert stuck.state is State.PROBLEM
    assert stuck.finding == "1.0 can never run: no connected worker could ever run it: w lacks 3 cpus"
    assert stuck.todo.startswith("submit it anew with cpus: 2, or connect a worker that has it")
    assert nothing.state is State.OK


@pytest.mark.parametrize(
    ("feature", "todo"),
    [
        ("train.xgboost", "on a worker: pip install 'paceline[train]', then start it again"),
        ("train.neural_network", "on a worker: pip install 'paceline[torch]', then start it again"),
        ("python3.13", "start a worker with Python 3.13, or submit from the Python that workers have"),
        ("fpga", "install what brings fpga on a worker, and start it again"),
    ],
)
def test_a_task_that_wants_something_installed(tmp_path: Path, feature: str, todo: str) -> None:
    needs = Need(features=(feature,))
    fine, lacking = served(tmp_path, waiting.waiting, waiting.packages, before=submitted(needs))
    assert fine.state is State.OK
    assert lacking.state is State.PROBLEM
    assert lacking.finding == f"{feature} is wanted by 1.0, and no worker has it"
    assert lacking.todo == todo


@pytest.mark.parametrize(
    ("outcome", "said", "todo"),
    [
        ("TIMEOUT", "ran out of time", "--time"),
        ("OOM", "ran out of memory", "--memory"),
        ("LAUNCH", "could not be started", "paceline task show 1.0"),
    ],
)
def test_how_a_task_ended(tmp_path: Path, outcome: str, said: str, todo: str) -> None:
    [found] = served(tmp_path, failures.failures, before=submitted(ends=outcome))
    assert told([found]) == [("warning", f"one task {said} in the last hour, such as 1.0")]
    assert todo in found.todo


def test_nothing_failed(tmp_path: Path) -> None:
    found = served(tmp_path, failures.failures, failures.black_holes, before=submitted(ends="SUCCEEDED"))
    assert [each.state for each in found] == [State.OK, State.OK]


# ── black holes ─────────────────────────────────────────────────────────────────────────────────────────────────────


def tasks(worker: str, count: int, *, seconds: float = 0.1, job: int = 1) -> list[TaskView]:
    one = TaskView(job=job, index=0, state="FAILED", worker=worker, outcome="FAILED", seconds=seconds)
    return [replace(one, index=index) for index in range(count)]


def test_a_worker_on_which_everything_fails_at_once() -> None:
    [found] = failures.suspicious(tasks("bad", 6), tasks("good", 3))
    assert found.state is State.WARNING
    assert "bad: 6 tasks failed within 2 s" in found.finding
    assert "paceline worker drain bad" in found.todo


@pytest.mark.parametrize(
    ("failed", "succeeded"),
    [
        (tasks("w", 4), tasks("v", 9)),  # chance
        (tasks("w", 9, seconds=60.0), tasks("v", 9)),  # they ran, and failed
        (tasks("w", 9), []),  # nobody does better: it is the job
        (tasks("w", 9), tasks("v", 9, job=2)),  # nor with this job
        (tasks("w", 9), [*tasks("w", 20), *tasks("v", 1)]),  # it does well enough
    ],
)
def test_a_worker_that_is_none(failed: list[TaskView], succeeded: list[TaskView]) -> None:
    assert list(failures.suspicious(failed, succeeded)) == []
