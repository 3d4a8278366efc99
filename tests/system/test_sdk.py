"""Calls that outlast their server, and the asynchronous twin."""

import asyncio
from pathlib import Path

import pytest

from paceline import Executor
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
