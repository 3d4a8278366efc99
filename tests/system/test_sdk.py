"""Calls that outlast their server, and the asynchronous twin."""

import asyncio
import json
from pathlib import Path

import pytest

from paceline import Executor
from paceline.model.ids import TaskId
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.sdk.client import Client
from tests.system.calls import add, nap, wait_for
from tests.system.conftest import Fleet, until

pytestmark = pytest.mark.system


def test_calls_outlast_a_killed_server(new_fleet: Fleet, tmp_path: Path) -> None:
    new_fleet.start_server()
    new_fleet.start_worker("w1", "--cpus", "2")
    gate = tmp_path / "gate"
    with Executor(new_fleet.options) as executor:
        before = executor.submit(wait_for, str(gate), 1)
        until(before.running, "the first call runs")
        new_fleet.kill_server()
        while_gone = [executor.submit(add, n) for n in range(100)]
        gate.touch()
        new_fleet.start_server()
        assert before.result(timeout=60) == 1
        assert [future.result(timeout=60) for future in while_gone] == list(range(100))


def test_asynchronous_calls(fleet: Fleet) -> None:
    async def main() -> None:
        async with Client(fleet.options) as client:
            assert await client.call(pow, 2, 5) == 32
            assert await asyncio.gather(*(client.call(add, n) for n in range(200))) == list(range(200))
            assert [value async for value in client.map(nap, [0.2, 0.0], [1, 2])] == [1, 2]
            with pytest.raises(ZeroDivisionError):
                await client.call(divmod, 1, 0)

    asyncio.run(main())


def test_an_abandoned_call_is_cancelled_on_the_fleet(fleet: Fleet) -> None:
    async def main() -> None:
        async with Client(fleet.options) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.call(nap, 300), 1.0)
            [job] = await client.jobs(limit=1)
            async with asyncio.timeout(30):
                async for update in client.watch([job.job]):
                    if update.jobs and update.jobs[-1].cancelled:
                        break

    asyncio.run(main())


def shell(script: str, name: str = "sh", tasks: int = 1, **more: object) -> JobSpec:
    body = json.dumps({"argv": [script], "shell": True}).encode()
    ranges = (Range(start=0, stop=tasks),)
    return JobSpec(name=name, run=Spec(kind="command", body=body), ranges=ranges, **more)  # type: ignore[arg-type]


def test_payloads_that_follow_their_submission(fleet: Fleet) -> None:
    rows = [b"row %d" % n for n in range(20)]
    first = shell('echo "$PACELINE_ARRAY_INDEX $PACELINE_ENTRY"', "first", len(rows))
    second = shell("echo done", "second", after_names=("first",))

    async def main() -> None:
        async with Client(fleet.options) as client:
            submission = await client.submit([first, second], payloads=[rows, []], room=10, token="follows")
            again = await client.submit([first, second], payloads=[rows, []], room=10, token="follows")
            assert (again.jobs, again.again, submission.again) == (submission.jobs, True, False)
            async with asyncio.timeout(30):
                _ = [update async for update in client.watch(submission.jobs)]
            after, before = await client.jobs(submission.jobs)
            assert (before.array, before.total, before.succeeded, before.open) == ("0-19", 20, 20, False)
            assert (after.array, after.succeeded, after.after) == ("", 1, [before.job])
            task = TaskId(submission.jobs[0], 17)
            assert [page.data async for _, page in client.logs(task)] == [b"17 row 17\n"]

    asyncio.run(main())


def test_further_attempts_are_followed_across_a_killed_server(new_fleet: Fleet, tmp_path: Path) -> None:
    new_fleet.start_server()
    new_fleet.start_worker("w1", "--cpus", "2")
    gate = tmp_path / "gate"
    script = f"echo begin $PACELINE_ATTEMPT; until [ -e {gate} ]; do sleep 0.05; done; echo end; exit 5"

    async def main() -> None:
        async with Client(new_fleet.options) as client:
            submission = await client.submit([shell(script, retry=Retry(failures=2, base=0.1))])
            said = b""
            async with asyncio.timeout(60):
                async for _, page in client.logs(TaskId(submission.jobs[0], 0), follow=True):
                    if not said:
                        await asyncio.to_thread(new_fleet.kill_server)
                        gate.touch()
                        await asyncio.to_thread(new_fleet.start_server)
                    said += page.data
            assert said == b"begin 1\nend\nbegin 2\nend\nbegin 3\nend\n"

    asyncio.run(main())
