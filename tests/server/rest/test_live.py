"""What goes on, over a real connection."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from paceline.model.errors import StoreError
from paceline.model.ids import AttemptId, JobId, WorkerId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.records import Reported
from paceline.model.resources import Need
from paceline.server.rest.sse import EventStream
from paceline.wire.gen import worker_pb2 as pb
from tests.server.rest.following import Listened, listening

TRUE = Spec(kind="command", body=b'{"argv": ["true"]}')


def job(tasks: int = 1, name: str = "j") -> JobSpec:
    return JobSpec(name=name, run=TRUE, ranges=(Range(start=0, stop=tasks),))


def log(data: bytes, offset: int = 0, stream: str = "out", number: int = 1) -> pb.WorkerWord:
    return pb.WorkerWord(log=pb.LogChunk(job=1, index=0, number=number, stream=stream, offset=offset, data=data))


def report(step: int) -> pb.WorkerWord:
    return pb.WorkerWord(report=pb.Report(job=1, index=0, number=1, step=step, values=json.dumps({"loss": step})))


# ── the fleet ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_changes_is_told_as_it_stands(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here, here.follow("/api/live") as follower:
            first = await follower.next()
            assert (first.name, first.place) == ("reset", "1-0")
            await here.join()
            told = await follower.until("workers")
            assert [(each["name"], each["state"]) for each in told.data] == [("w", "READY")]
            await here.client.submit([job(2, "sum")])
            told = await follower.until("jobs", lambda jobs: jobs[0]["running"])
            assert (told.data[0]["name"], told.data[0]["total"]) == ("sum", 2)
            await here.end((await here.worker.hear("grant")).grant)
            told = await follower.until("jobs", lambda jobs: jobs[0]["ended_at"])
            assert (told.data[0]["state"], told.data[0]["succeeded"]) == ("SUCCEEDED", 2)
            await here.client.drain(WorkerId(1))
            told = await follower.until("workers", lambda workers: workers[0]["state"] == "DRAINING")
            assert told.place.startswith("1-")

    asyncio.run(scenario())


def test_who_comes_back_hears_what_he_missed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            async with here.follow("/api/live") as follower:
                await follower.next()
                await here.client.submit([job(name="seen")])
                seen = await follower.until("jobs")
            await here.client.submit([job(name="missed")])
            async with here.follow("/api/live", place=seen.place) as follower:
                told = await follower.next()
                assert (told.name, [each["name"] for each in told.data]) == ("jobs", ["missed"])

    asyncio.run(scenario())


@pytest.mark.parametrize("place", ["7-0", "1-99", "1--1", "nonsense", "1-" + "9" * 50])
def test_who_was_away_for_too_long_begins_anew(tmp_path: Path, place: str) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here, here.follow("/api/live", place=place) as follower:
            assert (await follower.next()).name == "reset"

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["/api/live", "/api/jobs/1/live", "/api/tasks/1/log/live", "/api/events/live"])
def test_of_one_who_leaves_nothing_stays(tmp_path: Path, path: str) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            await here.client.submit([job()])
            before = len(asyncio.all_tasks())
            url, headers = here.http.base_url, here.http.headers
            async with httpx.AsyncClient(base_url=url, headers=headers) as http, http.stream("GET", path) as response:
                assert response.status_code == 200
                assert len(asyncio.all_tasks()) > before
            async with asyncio.timeout(10):
                while len(still := asyncio.all_tasks()) > before:
                    await asyncio.wait(still - {asyncio.current_task()}, return_when=asyncio.FIRST_COMPLETED)

    asyncio.run(scenario())


def test_many_follow_and_all_hear_the_same(tmp_path: Path) -> None:
    async def hear(here: Listened, there: asyncio.Barrier) -> str:
        async with here.follow("/api/live") as follower:
            await follower.next()
            await there.wait()
            return (await follower.until("jobs")).place

    async def scenario() -> None:
        async with listening(tmp_path) as here:
            there = asyncio.Barrier(41)
            many = [asyncio.create_task(hear(here, there)) for _ in range(40)]
            await there.wait()
            await here.client.submit([job()])
            assert len(set(await asyncio.gather(*many))) == 1

    asyncio.run(scenario())


# ── one job ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_job_until_it_is_over(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            await here.join()
            await here.client.submit([job()])
            grant = (await here.worker.hear("grant")).grant
            await here.worker.say(report(1))
            async with here.follow("/api/jobs/1/live") as follower:
                assert (await follower.next()).data["state"] == "RUNNING"
                told = await follower.until("reports")
                assert [each["step"] for each in told.data] == [1]
                await here.worker.say(report(2))
                told = await follower.until("reports")
                assert [each["step"] for each in told.data] == [2]
            await here.worker.say(report(3))
            async with here.follow("/api/jobs/1/live", place=told.place) as follower:
                assert [each["step"] for each in (await follower.until("reports")).data] == [3]
                await here.end(grant)
                assert (await follower.until("job", lambda view: view["ended_at"])).data["state"] == "SUCCEEDED"
                assert (await follower.next()).name == "over"
                with pytest.raises(EOFError):
                    await follower.next()

    asyncio.run(scenario())


def test_a_job_that_waits_no_longer_for_another_says_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            await here.join()
            await here.client.submit([job()])
            needs = (Need(labels=(("made", "by-hand"),)),)  # so that it does not start
            await here.client.submit([replace(job(), after=(JobId(1),), needs=needs)])
            grant = (await here.worker.hear("grant")).grant
            async with here.follow("/api/jobs/2/live") as follower:
                assert (await follower.next()).data["state"] == "BLOCKED"
                await here.end(grant)
                assert (await follower.next()).data["state"] == "WAITING"

    asyncio.run(scenario())


def test_whatever_was_reported_comes_however_much_it_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            await here.join()
            await here.client.submit([job()])
            grant = (await here.worker.hear("grant")).grant
            attempt = AttemptId(JobId(1), 0, 1)
            said = [Reported(attempt=attempt, step=step, values="{}", at=1.0) for step in range(10_500)]
            await here.served.fleet.loop.keep_now(*said)
            await here.end(grant)
            steps: list[int] = []
            async with here.follow("/api/jobs/1/live") as follower:
                assert (await follower.next()).data["state"] == "SUCCEEDED"
                while (told := await follower.next()).name == "reports":
                    steps += [each["step"] for each in told.data]
                assert told.name == "over"
            assert steps == list(range(10_500))

    asyncio.run(scenario())


# ── one task's output ───────────────────────────────────────────────────────────────────────────────────────────────


def test_output_as_it_is_written_never_cuts_a_character(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            await here.join()
            await here.client.submit([job()])
            grant = (await here.worker.hear("grant")).grant
            data = "größer".encode()
            async with here.follow("/api/tasks/1.0/log/live") as follower:
                await here.worker.say(log(data[:3]))
                told = await follower.next()
                assert told.data == {"attempt": 1, "stream": "out", "start": 0, "text": "gr"}
                await here.worker.say(log(data[3:], offset=3), log(b"no \xff\n", stream="err"))
                texts = {event.data["stream"]: event for event in (await follower.next(), await follower.next())}
                assert (texts["out"].data["start"], texts["out"].data["text"]) == (2, "ößer")
                assert texts["err"].data["text"] == "no \ufffd\n"
                await here.worker.say(log(b"cut \xe2\x82", offset=5, stream="err"))
                assert (await follower.next()).data == {"attempt": 1, "stream": "err", "start": 5, "text": "cut "}
                await here.end(grant)
                assert (await follower.next()).data == {"attempt": 1, "stream": "err", "start": 9, "text": "\ufffd"}
                assert (await follower.next()).name == "over"

    asyncio.run(scenario())


def test_output_is_taken_up_where_it_broke_off(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            await here.join()
            await here.client.submit([job()])
            grant = (await here.worker.hear("grant")).grant
            await here.worker.say(log(b"one\n\xc3"), log(b"oops\n", stream="err"))
            async with here.follow("/api/tasks/1.0/log/live") as follower:
                assert (await follower.next()).place == "1-4-0"
                told = await follower.next()
                assert (told.data["text"], told.place) == ("oops\n", "1-4-5")
            await here.worker.say(log(b"\xb6\n", offset=5))
            async with here.follow("/api/tasks/1.0/log/live", place=told.place) as follower:
                told = await follower.next()
                assert (told.data["start"], told.data["text"], told.place) == (4, "ö\n", "1-7-5")
                await here.end(grant, "REQUEUED")
                number = (await here.worker.hear("grant")).grant.attempts.numbers[0]
                await here.worker.say(log(b"anew\n", number=number))
                told = await follower.next()
                assert (told.data["attempt"], told.data["start"], told.place) == (2, 0, "2-5-0")

    asyncio.run(scenario())


def test_one_stream_from_a_byte_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            await here.join()
            await here.client.submit([job()])
            await here.worker.hear("grant")
            await here.worker.say(log(b"0123456789"), log(b"oops\n", stream="err"))
            async with here.follow("/api/tasks/1.0/log/live", stream="out", offset=7) as follower:
                assert (await follower.next()).data == {"attempt": 1, "stream": "out", "start": 7, "text": "789"}

    asyncio.run(scenario())


# ── the event log ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_event_log_as_it_grows(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            await here.client.submit([job()])
            async with here.follow("/api/events/live", kind="job", limit=1) as follower:
                told = await follower.next()
                assert [(each["kind"], each["subject"]) for each in told.data] == [("job_kept", "1")]
                assert json.loads(told.data[0]["body"])["by"] == "admin"
                await here.client.submit([job()])
                told = await follower.next()
                assert [each["subject"] for each in told.data] == ["2"]
            await here.client.cancel(2, reason="no more")
            async with here.follow("/api/events/live", place=told.place) as follower:
                told = await follower.next()
                assert [each["kind"] for each in told.data] == ["cancel_kept", "job_over"]
                cancel = json.loads(told.data[0]["body"])
                assert (cancel["by"], cancel["reason"]) == ("admin", "no more")

    asyncio.run(scenario())


# ── what is sent ────────────────────────────────────────────────────────────────────────────────────────────────────


async def sending(stream: EventStream, send: Callable[[Any], Awaitable[None]]) -> None:
    """Send to somebody who says nothing more."""
    response: Any = stream.to_asgi_response()
    await response({}, asyncio.Event().wait, send)


# ── what is wrong ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "place", "status", "text"),
    [
        ("/api/jobs/7/live", "", 404, "there is no job 7"),
        ("/api/tasks/7.1/log/live", "", 404, "there is no job 7"),
        ("/api/jobs/1/live", "yesterday", 400, "Last-Event-ID: 'yesterday' is no id of this stream"),
        ("/api/tasks/1.0/log/live", "1-2", 400, "Last-Event-ID: '1-2' is no id of this stream"),
        ("/api/events/live", "-3", 400, "Last-Event-ID: '-3' is no id of this stream"),
        ("/api/events/live?kind=jobs", "", 400, "kind: there is no kind of event 'jobs'"),
    ],
)
def test_what_cannot_be_followed_is_named(tmp_path: Path, path: str, place: str, status: int, text: str) -> None:
    async def scenario() -> None:
        async with listening(tmp_path) as here:
            await here.client.submit([job()])
            answer = await here.http.get(path, headers={"last-event-id": place} if place else {})
            assert answer.status_code == status
            assert text in answer.json()["detail"]
            assert answer.json()["hint"]

    asyncio.run(scenario())


def test_who_takes_nothing_in_is_not_waited_for() -> None:
    async def scenario() -> None:
        closed = asyncio.Event()

        async def events() -> AsyncGenerator[bytes]:
            try:
                while True:
                    yield b"data: x\n\n"
            finally:
                closed.set()

        async def stuck(message: Any) -> None:
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        await sending(EventStream(events(), patience=0.01), stuck)
        assert closed.is_set()

    asyncio.run(scenario())


def test_what_goes_wrong_on_the_way_is_told() -> None:
    async def scenario() -> None:
        sent: list[bytes] = []

        async def events() -> AsyncGenerator[bytes]:
            yield b"data: x\n\n"
            raise StoreError("store: the process that reads it died")

        async def send(message: Any) -> None:
            sent.append(message.get("body", b""))

        await sending(EventStream(events()), send)
        assert sent[1] == b"data: x\n\n"
        assert sent[2].startswith(b'event: problem\ndata: {"title":')
        assert b"the process that reads it died" in sent[2]

    asyncio.run(scenario())


def test_a_sign_of_life_comes_now_and_then() -> None:
    async def scenario() -> None:
        sent: list[bytes] = []
        alive = asyncio.Event()

        async def events() -> AsyncGenerator[bytes]:
            await alive.wait()
            yield b"data: x\n\n"

        async def send(message: Any) -> None:
            sent.append(message.get("body", b""))
            if len(sent) == 4:
                alive.set()

        await sending(EventStream(events(), beat=0.001), send)
        assert sent[1:4] == [b":\n\n"] * 3
        assert b"data: x\n\n" in sent

    asyncio.run(scenario())
