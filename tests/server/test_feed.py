"""What changes, told to everybody: when frames are made, what is in them, and for whom they are kept."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Spec
from paceline.model.records import ModelChanged, Record
from paceline.model.resources import Need
from paceline.server import feed as module
from paceline.server.changes import Changes
from paceline.server.feed import Feed
from paceline.wire.gen import worker_pb2 as pb
from tests.contracts.records import WORKER, cancelled, chunk, granted, job, payloads, report, succeeded, token, worker
from tests.server.conftest import ScriptedWorker, Served, serving

TRUE = Spec(kind="command", body=b'{"argv": ["true"]}')


@asynccontextmanager
async def feeding(home: Path, linger: float = 60.0, frames: int = 1000) -> AsyncIterator[tuple[Served, Feed]]:
    async with serving(home) as served:
        yield served, Feed(served.fleet, interval=0.0, linger=linger, frames=frames)


async def submit(served: Served, *names: str) -> None:
    async with served.client() as client:
        await client.submit([JobSpec(name=name, run=TRUE) for name in names])


async def told(frames: AsyncGenerator[bytes]) -> list[tuple[str, Any, str]]:
    """The next frame: name, data and place of each event."""
    async with asyncio.timeout(10):
        frame = (await anext(frames)).decode()
    events = [dict(line.split(": ", 1) for line in event.splitlines()) for event in frame.rstrip("\n").split("\n\n")]
    return [(event["event"], json.loads(event["data"]), event.get("id", "")) for event in events]


def names(events: list[tuple[str, Any, str]]) -> list[str]:
    return [job["name"] for name, data, _ in events if name == "jobs" for job in data]


def test_all_followers_are_sent_the_very_same_bytes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with feeding(tmp_path) as (served, feed), aclosing(feed.follow()) as one, aclosing(feed.follow()) as two:
            assert [(await told(each))[0][0] for each in (one, two)] == ["reset", "reset"]
            await submit(served, "a")
            assert await anext(one) is await anext(two)

    asyncio.run(scenario())


def test_what_belongs_together_has_one_place_at_its_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with feeding(tmp_path) as (served, feed), aclosing(feed.follow()) as frames:
            await told(frames)
            change = ModelChanged(key="k", name="n", change="removed", by="ada", at=1.0)
            served.fleet.loop.keep(change)
            await submit(served, "a")
            events = await told(frames)
            while not names(events):
                events = await told(frames)
            assert [place for _, _, place in events[:-1]] == [""] * (len(events) - 1)
            assert events[-1][2].startswith("1-")

    asyncio.run(scenario())


def test_what_is_too_much_for_one_frame_stands_in_the_next(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with feeding(tmp_path) as (served, feed), aclosing(feed.follow()) as frames:
            await told(frames)
            many = [f"j{number}" for number in range(module.JOBS + 10)]
            await submit(served, *many)
            first, second = names(await told(frames)), names(await told(frames))
            assert len(first) == module.JOBS
            assert sorted(first + second) == sorted(many)

    asyncio.run(scenario())


def test_while_nobody_follows_no_frame_is_made_and_nothing_is_lost(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with feeding(tmp_path) as (served, feed):
            async with aclosing(feed.follow()) as frames:
                [(_, _, place)] = await told(frames)
            await submit(served, "a")
            await submit(served, "b")
            async with aclosing(feed.follow(place)) as frames:
                assert sorted(names(await told(frames))) == ["a", "b"]

    asyncio.run(scenario())


def test_who_comes_back_too_late_begins_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with feeding(tmp_path, linger=0.0) as (served, feed):
            async with aclosing(feed.follow()) as frames:
                [(_, _, place)] = await told(frames)
            async with served.client() as client:
                await client.info()  # time passes
            async with aclosing(feed.follow(place)) as frames:
                assert [name for name, _, _ in await told(frames)] == ["reset"]

    asyncio.run(scenario())


def test_who_missed_too_much_begins_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with feeding(tmp_path) as (served, feed):
            async with aclosing(feed.follow()) as frames:
                [(_, _, place)] = await told(frames)
            await submit(served, *(f"j{number}" for number in range(module.CATCH_UP + 1)))
            async with aclosing(feed.follow(place)) as frames:
                assert [name for name, _, _ in await told(frames)] == ["reset"]
                await submit(served, "a")
                assert names(await told(frames)) == ["a"]

    asyncio.run(scenario())


def test_who_is_too_slow_is_sent_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            feeding(tmp_path, frames=1) as (served, feed),
            aclosing(feed.follow()) as slow,
            aclosing(feed.follow()) as fast,
        ):
            for each in (slow, fast):
                await told(each)
            for name in ("a", "b", "c"):
                await submit(served, name)
                while name not in names(await told(fast)):
                    pass
            assert (await anext(slow)).startswith(b": too slow")
            assert [frame async for frame in slow] == []

    asyncio.run(scenario())


def test_what_is_noted() -> None:
    changes = Changes()
    nobodys: list[Record] = [report(1), chunk(0, b"x"), token()]
    somebodys: list[Record] = [job(), payloads(0, b"x"), granted(0), succeeded(0), cancelled(), worker()]
    for record in nobodys:
        changes.note(record)
    assert not changes
    for record in somebodys:
        changes.note(record)
    assert (list(changes.jobs), list(changes.workers), changes.models) == ([1], [WORKER], False)
    taken = changes.take(1, 0)
    assert (list(taken.jobs), list(taken.workers)) == ([1], [])
    assert (list(changes.jobs), list(changes.workers)) == ([], [WORKER])


def test_of_too_much_the_newest_and_the_oldest_are_told_first() -> None:
    changes = Changes(jobs=dict.fromkeys(map(JobId, range(1, 8))))
    taken = [list(changes.take(4, 0).jobs) for _ in range(3)]
    assert taken == [[1, 2, 7, 6], [3, 4, 5], []]


def test_who_waits_no_longer_for_another_job_is_told_of_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with feeding(tmp_path) as (served, feed), served.client() as client, ScriptedWorker(served) as worker:
            held = Need(labels=(("made", "by-hand"),))  # so that nothing of it starts
            await client.submit([JobSpec(name="a", run=TRUE)])
            await client.submit([JobSpec(name="b", run=TRUE, after=(JobId(1),), needs=(held,))])
            async with aclosing(feed.follow()) as frames:
                await told(frames)
                await client.submit([JobSpec(name="c", run=TRUE, after=(JobId(1),), needs=(held,))])
                assert names(await told(frames)) == ["c"]
                number, key = await worker.join((await client.create_token("join")).token)
                await worker.hello(number, key)
                attempts = (await worker.hear("grant")).grant.attempts
                await worker.say(pb.WorkerWord(ended=pb.Endings(job=1, indexes=[0], numbers=attempts.numbers)))
                states: dict[str, str] = {}
                while states.get("a") != "SUCCEEDED":
                    jobs = [job for name, data, _ in await told(frames) if name == "jobs" for job in data]
                    states.update((job["name"], job["state"]) for job in jobs)
                assert (states["b"], states["c"]) == ("WAITING", "WAITING")

    asyncio.run(scenario())
