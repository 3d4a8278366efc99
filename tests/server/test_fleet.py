"""A client, a server and a worker's end of the wire: what each hears, in which order, whichever way the client took."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import grpc
import grpc.aio
import pytest

from paceline.model.columns import Endings
from paceline.model.errors import Conflict, NeverFits, NotFound, PacelineError, UsageError
from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.resources import Need
from paceline.sdk.client import Client
from paceline.wire.convert import to_wire
from paceline.wire.gen import fleet_pb2
from paceline.wire.gen import worker_pb2 as pb
from tests.server.conftest import ScriptedWorker, Served, serving

pytestmark = pytest.mark.parametrize("way", ["near", "far"])

TRUE = Spec(kind="command", body=json.dumps({"argv": ["true"]}).encode())


def job(name: str = "j", stop: int = 1, **more: object) -> JobSpec:
    fields: dict[str, object] = {"name": name, "run": TRUE, "ranges": (Range(start=0, stop=stop),), **more}
    return JobSpec(**fields)  # type: ignore[arg-type]


async def joined(served: Served, client: Client, worker: ScriptedWorker) -> None:
    number, key = await worker.join((await client.create_token("join")).token)
    await worker.hello(number, key)
    await worker.hear("welcome")


def ended(grant: pb.Grant, outcome: str = "SUCCEEDED", result: bytes = b"r") -> pb.WorkerWord:
    indexes = grant.attempts.indexes
    rows = len(indexes)
    return pb.WorkerWord(
        ended=pb.Endings(job=grant.attempts.job, indexes=indexes, numbers=grant.attempts.numbers,
                         outcomes=[outcome] * rows, results=[result] * rows, seconds=[0.5] * rows)
    )  # fmt: skip


def test_a_task_goes_out_and_comes_home(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            await joined(served, client, worker)
            submission = await client.submit([job()])
            assert list(submission.jobs) == [1]
            grant = (await worker.hear("grant")).grant
            assert json.loads(grant.spec.body) == {"argv": ["true"]}
            log = pb.LogChunk(job=1, index=0, number=1, stream="out", offset=0, data=b"hello\n")
            await worker.say(pb.WorkerWord(log=log), ended(grant))
            assert (await worker.hear("settled")).settled.job == 1
            [view] = await client.jobs()
            assert (view.state, view.succeeded) == ("SUCCEEDED", 1)
            [row] = await client.results(JobId(1))
            assert (row.outcome, row.result, row.seconds) == ("SUCCEEDED", b"r", 0.5)
            parts = [part async for part in client.logs(TaskId(JobId(1), 0))]
            assert [(stream, page.data) for stream, page in parts] == [("out", b"hello\n")]

    asyncio.run(scenario())


def test_a_stale_end_is_answered_and_dropped(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            await joined(served, client, worker)
            await client.submit([job()])
            grant = (await worker.hear("grant")).grant
            stale = ended(grant)
            stale.ended.numbers[:] = [7]
            await worker.say(stale)
            assert list((await worker.hear("settled")).settled.numbers) == [7]
            [view] = await client.jobs()
            assert view.state == "RUNNING"
            await worker.say(ended(grant), ended(grant, result=b"second"))
            await worker.hear("settled")
            await worker.hear("settled")
            [row] = await client.results(JobId(1))
            assert row.result == b"r"

    asyncio.run(scenario())


def test_an_outcome_of_a_newer_worker_is_a_failure_with_its_name(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            await joined(served, client, worker)
            await client.submit([job()])
            await worker.say(ended((await worker.hear("grant")).grant, outcome="GREAT"))
            await worker.hear("settled")
            [row] = await client.results(JobId(1))
            assert (row.outcome, row.detail) == ("FAILED", "GREAT")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (pb.WorkerWord(ended=pb.Endings(job=1, indexes=[0, 1], numbers=[1])), "columns of unequal length"),
        (pb.WorkerWord(log=pb.LogChunk(job=1, stream="../etc", data=b"x")), "there is no output stream"),
        (pb.WorkerWord(report=pb.Report(job=1, values="x" * 70_000)), "a report of 70000 bytes"),
    ],
)
def test_a_worker_that_talks_nonsense_loses_its_link_and_nothing_else(
    word: pb.WorkerWord, message: str, tmp_path: Path, way: str
) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            await joined(served, client, worker)
            await worker.say(word)
            with pytest.raises(grpc.aio.AioRpcError, match=message):
                await worker.hear("settled")
            assert (await client.info()).epoch == 1

    asyncio.run(scenario())


def test_cancel_is_carried_to_the_worker_and_said_when_it_is_true(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            await joined(served, client, worker)
            await client.submit([job(stop=4)])
            grant = (await worker.hear("grant")).grant
            assert len(grant.attempts.indexes) == 2
            assert await client.cancel(JobId(1), reason="enough") == 4
            stop = (await worker.hear("stop")).stop
            assert (list(stop.attempts.indexes), stop.reason) == ([0, 1], "enough")
            assert [view.state for view in await client.tasks(JobId(1))] == ["STOPPING"] * 2 + ["CANCELLED"] * 2
            await worker.say(ended(grant, "CANCELLED"))
            await worker.hear("settled")
            [view] = await client.jobs()
            assert (view.state, view.cancelled, view.reason) == ("CANCELLED", 4, "enough")

    asyncio.run(scenario())


def test_the_same_token_is_the_same_submission(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            first = await client.submit([job("a")], token="t")
            again = await client.submit([job("a")], token="t")
            assert (list(again.jobs), again.again) == (list(first.jobs), True)
            with pytest.raises(Conflict, match="submit token 't' was already used for job 1"):
                await client.submit([job("b")], token="t")
            await client.cancel(JobId(1))
            assert list((await client.submit([job("a")], token="t")).jobs) == [1]
            assert len(await client.jobs()) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (job(name=""), "name: a job needs one"),
        (job(run=Spec(kind="trian", body=b"{}")), "there is no kind 'trian'"),
        (job(run=Spec(kind="command", body=b'{"argvv": ["x"]}')), "command.argvv: there is no such parameter"),
        (job(run=Spec(kind="command", body=b'{"argv": 3}')), "command.argv: 3: expected `array`, got `int`"),
        (job(stop=0), "array: it has no tasks"),
        (job(ranges=(Range(start=0, stop=3), Range(start=2, stop=4))), "some index is named twice"),
        (job(ranges=(Range(start=0, stop=200_000_000),)), "200,000,000 tasks, limit 100,000,000"),
        (job(after=(JobId(9),)), "there is no job 9"),
        (job(run=Spec(kind="command", body=b" " * (1 << 20) + b"{}")), "1,048,578 bytes, limit 1,048,576"),
    ],
)
def test_bad_jobs_are_refused_whole(spec: JobSpec, message: str, tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            with pytest.raises((UsageError, NotFound)) as caught:
                await client.submit([job("good"), spec])
            assert message in caught.value.message
            assert await client.jobs() == []

    asyncio.run(scenario())


def test_jobs_that_wait_for_each_other_are_refused(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            circle = [job("a", after_names=("c",)), job("b", after_names=("a",)), job("c", after_names=("b",))]
            with pytest.raises(UsageError, match="wait for each other: a → c → b → a"):
                await client.submit(circle)

    asyncio.run(scenario())


def test_an_index_or_a_limit_that_nothing_has_room_for_is_refused(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            far = Range(start=10**15, stop=10**15 + 1)
            with pytest.raises(UsageError, match="far: array: 1000000000000000 is too large for an index"):
                await client.submit([job("far", ranges=(far,))])
            with pytest.raises(UsageError, match="wide: limit: 100,000,001, a job has at most 100,000,000 tasks"):
                await client.submit([job("wide", limit=100_000_001)])
            await client.submit([job("near", ranges=(Range(start=10**15 - 1, stop=10**15),))])
            with pytest.raises(UsageError, match="ranges: 1000000000000000 is too large for an index"):
                await client.cancel(JobId(1), [far])
            assert [view.name for view in await client.jobs()] == ["near"]

    asyncio.run(scenario())


def test_what_can_never_fit_is_refused_when_asked_and_warned_of_else(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            await joined(served, client, worker)
            big = job("big", needs=(Need(cpu=64_000),))
            with pytest.raises(NeverFits, match="no connected worker could ever run it: w lacks 62 cpus") as caught:
                await client.submit([big], must_fit=True)
            assert caught.value.hint == "this would fit: cpus: 2"
            submission = await client.submit([big])
            assert "lacks 62 cpus" in submission.warnings[0]
            told = await client.explain(TaskId(JobId(1), 0))
            assert [cause.code for cause in told.causes] == ["NEVER_FITS"]
            [planned] = await client.plan([big])
            assert [cause.code for cause in planned.causes] == ["NEVER_FITS"]

    asyncio.run(scenario())


def test_a_worker_that_comes_back_keeps_what_it_holds(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            number, key = await worker.join((await client.create_token("join")).token)
            await worker.hello(number, key)
            await client.submit([job(stop=2)])
            grant = (await worker.hear("grant")).grant
            held = pb.Attempts(job=1, indexes=[0], numbers=[1])
            strange = pb.Attempts(job=1, indexes=[1], numbers=[9])
            await worker.hello(number, key, held=(held, strange), incarnation=2)
            drop = (await worker.hear("drop")).drop
            assert (list(drop.attempts.indexes), list(drop.attempts.numbers)) == ([1], [9])
            again = (await worker.hear("grant")).grant
            assert (list(again.attempts.indexes), list(again.attempts.numbers)) == ([1], [2])
            one = pb.Endings(job=1, indexes=[0], numbers=[1])
            await worker.say(pb.WorkerWord(ended=one), ended(again))
            await worker.hear("settled")
            await worker.hear("settled")
            [view] = await client.jobs()
            assert view.state == "SUCCEEDED"
            assert grant.attempts.job == 1

    asyncio.run(scenario())


def test_watch_ends_when_all_jobs_are_over(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            await joined(served, client, worker)
            await client.submit([job()])

            async def run() -> None:
                grant = (await worker.hear("grant")).grant
                report = pb.Report(job=1, index=0, number=1, step=3, values='{"loss": 0.5}')
                await worker.say(pb.WorkerWord(report=report), ended(grant))

            running = asyncio.create_task(run())
            updates = [update async for update in client.watch([JobId(1)], interval=0.05)]
            await running
            assert updates[-1].jobs[0].state == "SUCCEEDED"
            steps = {(report.step, report.values) for update in updates for report in update.reports}
            assert steps == {(3, '{"loss": 0.5}')}
            with pytest.raises(NotFound, match="there is no job 7"):
                async for _ in client.watch([JobId(7)]):
                    pass

    asyncio.run(scenario())


def test_drain_stops_new_work(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            await joined(served, client, worker)
            [view] = await client.workers()
            await client.drain(view.worker)
            await worker.hear("drain")
            await client.submit([job()])
            told = await client.explain(TaskId(JobId(1), 0))
            assert [cause.code for cause in told.causes] == ["WORKER_DRAINING"]
            await client.drain(view.worker, resume=True)
            assert (await worker.hear("drain")).drain.resume
            assert (await worker.hear("grant")).grant.attempts.job == 1
            await client.drain(view.worker, now=True)
            assert (await worker.hear("drain")).drain.now
            with pytest.raises(NotFound, match="there is no worker 5 at work"):
                await client.drain(5)

    asyncio.run(scenario())


def test_an_open_job_without_a_client_is_closed_after_a_while(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path, patience=0.05) as served, served.client(way) as client:
            async with served.client(way) as gone:
                spec = to_wire(job("open", ranges=(), open=True), fleet_pb2.JobSpec)
                await gone.session.submit(fleet_pb2.SubmitRequest(specs=[spec], token="t"))
                [view] = await client.jobs()
                assert view.open
            async for update in client.watch([JobId(1)], interval=0.05):
                last = update
            assert last.jobs[0].state == "SUCCEEDED"

    asyncio.run(scenario())


class Ends:
    """A follower that hears only how its job ends."""

    def __init__(self) -> None:
        self.state: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def started(self, indexes: Sequence[int]) -> None: ...

    def ended(self, endings: Endings) -> None: ...

    def over(self, state: str) -> None:
        self.state.set_result(state)

    def lost(self, error: PacelineError) -> None:
        self.state.set_exception(error)


def test_a_session_hears_of_the_end_what_everybody_else_does(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            await client.submit([job("open", ranges=(), open=True)])
            during, later = Ends(), Ends()
            await client.session.follow(1, during)
            await client.cancel(JobId(1), reason="not needed")
            assert await during.state == "CANCELLED"
            async with served.client(way) as other:
                await other.session.follow(1, later)
                assert await later.state == "CANCELLED"

    asyncio.run(scenario())


def test_what_comes_after_a_cancelled_open_job_never_runs(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client:
            await client.submit([job("open", ranges=(), open=True)])
            await client.cancel(JobId(1), reason="not needed")
            await client.submit([job("next", after=(JobId(1),))])
            states = {view.name: (view.state, view.reason) for view in await client.jobs()}
            assert states == {
                "open": ("CANCELLED", "not needed"),
                "next": ("CANCELLED", "job 1, which it comes after, did not succeed"),
            }

    asyncio.run(scenario())


def test_what_has_ended_is_shown_as_it_was_until_that_is_kept(tmp_path: Path, way: str) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client(way) as client, ScriptedWorker(served) as worker:
            await joined(served, client, worker)
            await client.submit([job(stop=300)])
            seen: set[tuple[str, int]] = set()
            while True:
                [view] = await client.jobs()
                states = {task.state for task in await client.tasks(JobId(1))}
                assert states <= {"WAITING", "ASSIGNED", "RUNNING", "SUCCEEDED"}
                seen.add((view.state, view.succeeded))
                if view.state == "SUCCEEDED":
                    break
                await worker.say(ended((await worker.hear("grant")).grant))
            assert view.succeeded == 300
            assert not [count for state, count in seen if state == "SUCCEEDED" and count < 300]

    asyncio.run(scenario())
