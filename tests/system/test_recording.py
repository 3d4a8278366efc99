"""What a real server records is decided again, also when it is killed while it records."""

import asyncio
import json
from pathlib import Path

import pytest

from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.model.views import JobView
from paceline.recording.replay import replay
from paceline.sdk.client import Client
from tests.system.conftest import Fleet

pytestmark = pytest.mark.system

TASK = """
test "$PACELINE_ATTEMPT" -ge 2 || test $((PACELINE_ARRAY_INDEX % 3)) -ne 0 || exit 3
sleep 0.05
"""


def spec(tasks: int, *argv: str) -> JobSpec:
    body = json.dumps({"argv": argv}).encode()
    run = Spec(kind="command", body=body, env=(("PASSWORD", "hunter2"),), grace=0.5)
    retry = Retry(failures=1, base=0.1)
    return JobSpec(name="work", run=run, ranges=(Range(start=0, stop=tasks),), retry=retry)


async def work(fleet: Fleet) -> JobId:
    """An array with failures that are tried again, something that is cancelled, and something to be found later."""
    async with Client(fleet.options) as client:
        array, endless = (await client.submit([spec(6, "sh", "-c", TASK), spec(2, "sleep", "1000")])).jobs
        assert (await over(client, array)).succeeded == 6
        assert (await client.explain(TaskId(JobId(endless), 0))).state == "RUNNING"
        await client.cancel(JobId(endless), reason="enough")
        assert (await over(client, endless)).cancelled == 2
        return JobId((await client.submit([spec(2, "sleep", "0.5")])).jobs[0])


async def over(client: Client, job: int) -> JobView:
    """The job once it is."""
    async for update in client.watch([JobId(job)]):
        [view] = update.jobs
    return view


async def later(fleet: Fleet, job: JobId) -> JobView:
    async with Client(fleet.options) as client:
        return await over(client, job)


def test_a_server_that_was_killed_decides_the_same_again(new_fleet: Fleet, tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    new_fleet.start_server("--record", str(tape))
    new_fleet.start_worker("w1", "--cpus", "4")
    job = asyncio.run(work(new_fleet))
    new_fleet.kill_server()
    new_fleet.start_server("--record", str(tape))
    assert asyncio.run(later(new_fleet, job)).succeeded == 2

    found = replay(tape)
    assert found.differences == []
    assert [section.jobs for section in found.sections] == [0, 1]
    assert found.sections[0].steps > 10
    kept = tape.read_bytes()
    for secret in (b"hunter2", new_fleet.options.token.encode()):
        assert secret not in kept
