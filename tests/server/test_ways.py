"""What holds for calls whichever way they come: over gRPC, or from next door."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from paceline.model.errors import NotFound, UsageError
from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Range, Spec
from paceline.wire.calls import CALLS
from paceline.wire.gen import worker_pb2 as pb
from tests.server.conftest import ScriptedWorker, serving

pytestmark = pytest.mark.parametrize("way", ["near", "far"])

TRUE = Spec(kind="command", body=b'{"argv": ["true"]}')


def array(tasks: int) -> JobSpec:
    return JobSpec(name="j", run=TRUE, ranges=(Range(start=0, stop=tasks),))


def test_an_error_comes_with_its_hint(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            with pytest.raises(NotFound, match="there is no job 7") as told:
                await client.tasks(7)
            assert told.value.hint == "`paceline ps --all` lists them"
            with pytest.raises(NotFound, match="there is no job 7"):
                await anext(client.watch([7]))

    asyncio.run(scenario())


def test_a_request_that_is_too_large_is_named(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            with pytest.raises(UsageError, match=r"^the submit request is 5,.* bytes, one message carries at most"):
                await client.submit([array(1)], token="x" * (5 << 20))
            assert await client.jobs() == []

    asyncio.run(scenario())


def test_an_answer_that_is_too_large_is_named(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            number, key = await worker.join((await client.create_token("join")).token)
            await worker.hello(number, key)
            await client.submit([array(1)])
            await worker.hear("grant")
            for step in range(80):
                values = json.dumps({"x": "x" * 65_000})
                await worker.say(pb.WorkerWord(report=pb.Report(job=1, index=0, number=1, step=step, values=values)))
            await worker.say(pb.WorkerWord(ended=pb.Endings(job=1, indexes=[0], numbers=[1], outcomes=["SUCCEEDED"])))
            await worker.hear("settled")
            with pytest.raises(UsageError, match=r"^the answer to the reports request is 5,.*") as told:
                await client.reports(1)
            assert told.value.hint == "ask for fewer at a time"

    asyncio.run(scenario())


def test_who_leaves_early_is_answered_no_more(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            before = len(asyncio.all_tasks())
            [job] = (await client.submit([array(1)])).jobs
            async with aclosing(client.watch([job])) as updates:
                assert (await anext(updates)).jobs[0].state == "WAITING"
                assert len(asyncio.all_tasks()) > before
            async with asyncio.timeout(10):
                while len(still := asyncio.all_tasks()) > before:
                    await asyncio.wait(still - {asyncio.current_task()}, return_when=asyncio.FIRST_COMPLETED)

    asyncio.run(scenario())


def test_many_ask_at_once(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            told = await asyncio.gather(*(client.info() for _ in range(300)))
            assert {info.epoch for info in told} == {1}

    asyncio.run(scenario())


def test_a_watch_and_a_call_go_side_by_side(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            [job] = (await client.submit([array(2)])).jobs
            states = []
            async for update in client.watch([JobId(job)], interval=0.05):
                states += [view.state for view in update.jobs]
                await client.cancel(job)
            assert states[-1] == "CANCELLED"

    asyncio.run(scenario())


def test_tasks_tell_what_they_were_made_from(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            [job] = (await client.submit([array(3)], payloads=[[b"a", b"", b"c"]])).jobs
            assert [(row.index, row.payload) for row in await client.entries(job, limit=2)] == [(0, b"a"), (1, b"")]
            assert [row.payload for row in await client.entries(job, after=1)] == [b"c"]
            with pytest.raises(NotFound, match="there is no job 9"):
                await client.entries(9)

    asyncio.run(scenario())


def test_every_method_but_the_session_is_a_call(way: str) -> None:
    assert len(CALLS) == 27
    assert {call.name for call in CALLS if call.streams} == {"Watch", "Logs", "FollowEvents", "Download"}
