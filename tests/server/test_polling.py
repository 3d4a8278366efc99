"""A worker that calls, against a real server: what it is given, what becomes of what it says, and when it is out."""

import asyncio
import json
from pathlib import Path

import pytest

from paceline.model.errors import Forbidden, NotFound, StoreError
from paceline.model.ids import JobId, TaskId, WorkerId
from paceline.model.job import JobSpec, Retry, Spec
from paceline.model.resources import GpuNeed, Need
from paceline.sdk.client import Client
from paceline.stores.memory import MemoryStore
from paceline.testing.clock import FakeClock
from paceline.wire.gen import worker_pb2 as pb
from tests.server.conftest import ScriptedWorker, Served, serving
from tests.server.polling import CAPABILITIES, Caller, commands

FIRST = JobId(1)


async def output(client: Client, index: int = 0) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    async for stream, page in client.logs(TaskId(FIRST, index)):
        parts[stream] = parts.get(stream, b"") + page.data
    return parts


async def outcome(client: Client, index: int = 0) -> tuple[str, int, str]:
    [row] = [row for row in await client.results(FIRST) if row.index == index]
    return row.outcome, row.code, row.detail


async def states(client: Client) -> list[tuple[str, str, str]]:
    return [(view.name, view.state, view.reason) for view in await client.workers(all=True)]


# ── a task, there and back ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_task_goes_out_and_comes_home(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            reply = await caller.register("box")
            assert (reply.worker_id, reply.heartbeat_seconds, reply.lease_seconds) == ("box", 5.0, 20.0)
            assert reply.key.startswith("pl_worker_")
            polling = asyncio.create_task(caller.poll())
            await client.submit([commands("echo", "a b", run={"timeout": 60.0, "cwd": "/tmp"})])
            [task] = (await polling).tasks
            assert (task.id, task.attempt, task.kind, task.timeout, task.cwd) == ("1.0#1", 1, "command", 60.0, "/tmp")
            assert (task.command, list(task.argv)) == ("echo 'a b'", ["echo", "a b"])
            assert task.env["PACELINE_TASK_ID"] == "1.0"
            assert task.env["CUDA_VISIBLE_DEVICES"] == ""
            assert await caller.update(task.id, "RUNNING", output="one\n") == "KEPT"
            assert await caller.update(task.id, "RUNNING", output="oh\n", stream="err") == "KEPT"
            done = await caller.update(task.id, "COMPLETED", output="two\n", result=b"r", seconds=0.5)
            assert done == "KEPT"
            [row] = await client.results(FIRST)
            assert (row.outcome, row.code, row.result, row.seconds) == ("SUCCEEDED", 0, b"r", 0.5)
            assert await output(client) == {"out": b"one\ntwo\n", "err": b"oh\n"}

    asyncio.run(scenario())


def test_who_asks_for_one_is_given_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands(tasks=3)])
            reply: pb.PollForTaskResponse = await caller.call(
                "PollForTask", pb.PollForTaskRequest(worker_id="stranger")
            )
            assert (reply.task.id, len(reply.tasks)) == ("1.0#1", 0)
            assert [task.id for task in (await caller.poll()).tasks] == ["1.1#1"]
            none: pb.PollForTaskResponse = await caller.call("PollForTask", pb.PollForTaskRequest(wait_seconds=0))
            assert not none.HasField("task")

    asyncio.run(scenario())


def test_a_failure_has_its_code_and_is_tried_again_if_the_job_asks_for_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands(retry=Retry(failures=1, base=0.0))])
            await caller.poll()
            assert await caller.update("1.0#1", "FAILED", exit_code=3) == "KEPT"
            [task] = (await caller.poll()).tasks
            assert (task.id, task.attempt) == ("1.0#2", 2)
            await caller.update(task.id, "failed", exit_code=-11)
            assert await outcome(client) == ("FAILED", -11, "killed by signal 11 (SIGSEGV)")

    asyncio.run(scenario())


def test_it_says_how_far_it_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands()])
            await caller.poll()
            progress = pb.Progress(step=3, values=json.dumps({"loss": 0.3}))
            await caller.update("1.0#1", "RUNNING", progress=progress)
            await caller.update("1.0#1", "COMPLETED")
            [report] = await client.reports(FIRST)
            assert (report.step, json.loads(report.values)) == (3, {"loss": 0.3})

    asyncio.run(scenario())


def test_a_report_is_not_called_kept_before_it_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands()])
            await caller.poll()
            store = served.fleet.store
            assert isinstance(store, MemoryStore)
            await MemoryStore(store.tables).load()  # another server takes over: ours can keep nothing any more
            said = asyncio.create_task(caller.update("1.0#1", "RUNNING", progress=pb.Progress(step=3, values="{}")))
            with pytest.raises(StoreError, match="another server"):
                await served.fleet.loop.failed
            await caller.call("ListWorkers", pb.ListWorkersRequest(), served.admin)
            assert not said.done()
            said.cancel()

    asyncio.run(scenario())


def test_ten_thousand_ends_in_one_call(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register(capabilities=pb.WorkerCapabilities(cpu_cores=1, max_tasks=20_000))
            await client.submit([commands(tasks=10_000, needs=(Need(cpu=0),))])
            tasks: list[pb.Task] = []
            while len(tasks) < 10_000:
                tasks += (await caller.poll(10_000)).tasks
            updates = [pb.TaskStatusUpdate(task_id=task.id, status="COMPLETED", output="x") for task in tasks]
            reply = await caller.call("BatchUpdateTaskStatus", pb.BatchUpdateTaskStatusRequest(updates=updates))
            assert not reply.answers
            [view] = await client.jobs()
            assert (view.state, view.succeeded) == ("SUCCEEDED", 10_000)
            assert await output(client, 9_999) == {"out": b"x"}

    asyncio.run(scenario())


def test_output_that_is_sent_twice_counts_once_if_it_says_where_it_begins(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands()])
            await caller.poll()
            for _ in range(2):
                await caller.update("1.0#1", "RUNNING", output="é1", output_offset=0)
            await caller.update("1.0#1", "COMPLETED", output="2", output_offset=3)
            assert await output(client) == {"out": "é12".encode()}

    asyncio.run(scenario())


# ── what is not current ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_end_counts_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands()])
            await caller.poll()
            assert await caller.update("1.0#1", "COMPLETED") == "KEPT"
            assert await caller.update("1.0#1", "FAILED", exit_code=1) == "STALE"
            assert await caller.update("1.0#1", "RUNNING", output="late") == "STALE"
            assert (await outcome(client))[0] == "SUCCEEDED"
            assert await output(client) == {}

    asyncio.run(scenario())


def test_a_batch_answers_for_each(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as one, Caller(served) as two:
            await one.register("one")
            await client.submit([commands(tasks=2)])
            assert len((await one.poll()).tasks) == 2
            await two.register("two")
            await client.submit([commands()])
            await two.poll()
            ids = ("1.0#1", "1.0#1", "2.0#1", "9.0#1", "1.7#1", "1.1#5", "1.1#1")
            updates = [pb.TaskStatusUpdate(task_id=each, status="COMPLETED") for each in ids]
            reply = await one.call("BatchUpdateTaskStatus", pb.BatchUpdateTaskStatusRequest(updates=updates))
            assert [each.answer for each in reply.answers] == [
                *("KEPT", "STALE", "FORBIDDEN", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "KEPT")
            ]
            assert reply.answers[2].message == "task 2.0#1 is with worker 'two'"
            assert reply.answers[4].message == "there is no task 1.7"
            with pytest.raises(Forbidden, match="task 2.0#1 is with worker 'two'"):
                await one.update("2.0#1", "COMPLETED")
            with pytest.raises(NotFound, match="there is no task 9.0"):
                await one.update("9.0#1", "COMPLETED")

    asyncio.run(scenario())


def test_who_was_silent_for_its_lease_is_out_and_what_it_says_is_stale(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = FakeClock()
        async with (
            serving(tmp_path, clock) as served,
            served.client() as client,
            Caller(served) as slow,
            Caller(served) as other,
        ):
            await slow.register("slow")
            await client.submit([commands()])
            [task] = (await slow.poll()).tasks
            clock.advance(21.0)
            await other.register("other")
            [again] = (await other.poll()).tasks
            assert (task.id, again.id) == ("1.0#1", "1.0#2")
            assert await slow.update(task.id, "COMPLETED") == "STALE"
            assert "worker 'slow' is not registered: worker slow was not heard of for 21 s" in await slow.refused(
                "SendHeartbeat", pb.HeartbeatRequest()
            )
            said = await slow.refused("PollForTask", pb.PollForTaskRequest())
            assert said.startswith("NOT_FOUND")
            assert "call RegisterWorker again with this key" in said
            reply = await slow.register("slow", held=[task.id])
            assert (reply.worker_id, reply.key, list(reply.cancelled)) == ("slow", "", ["1.0#1"])
            assert await other.update(again.id, "COMPLETED") == "KEPT"

    asyncio.run(scenario())


def test_what_it_still_has_when_it_registers_again_stays_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands(tasks=2)])
            await caller.poll()
            await caller.update("1.0#1", "RUNNING", output="before ")
            await caller.register(held=["1.0#1"])
            assert [task.id for task in (await caller.poll()).tasks] == ["1.1#2"]
            assert await caller.update("1.0#1", "COMPLETED", output="after") == "KEPT"
            assert await output(client) == {"out": b"before after"}

    asyncio.run(scenario())


# ── what it is told ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cancel_is_told_in_the_next_answer(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands(tasks=2)])
            await caller.poll()
            polling = asyncio.create_task(caller.poll())
            await client.cancel(FIRST)
            assert list((await polling).cancelled) == ["1.0#1", "1.1#1"]
            assert list((await caller.beat()).cancelled) == ["1.0#1", "1.1#1"]
            await caller.update("1.0#1", "CANCELLED")
            await caller.update("1.1#1", "COMPLETED")
            assert not (await caller.beat()).cancelled
            [view] = await client.jobs()
            assert (view.state, view.cancelled, view.succeeded) == ("CANCELLED", 1, 1)

    asyncio.run(scenario())


def test_what_was_not_fetched_is_cancelled_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands(tasks=2)])
            await client.cancel(FIRST)
            [view] = await client.jobs()
            assert (view.state, view.cancelled) == ("CANCELLED", 2)
            assert not (await caller.poll(seconds=0)).tasks

    asyncio.run(scenario())


def test_what_its_worker_broke_off_by_itself_runs_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands()])
            await caller.poll()
            await caller.update("1.0#1", "CANCELLED")
            assert [task.id for task in (await caller.poll()).tasks] == ["1.0#2"]

    asyncio.run(scenario())


def test_who_is_drained_gets_nothing_new_and_with_now_ends_what_it_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands()])
            await caller.poll()
            polling = asyncio.create_task(caller.poll())
            await client.drain(WorkerId(1))
            assert (await polling).drain
            await client.submit([commands()])
            assert not (await caller.poll(seconds=0.05)).tasks
            await client.drain(WorkerId(1), now=True)
            assert list((await caller.beat()).cancelled) == ["1.0#1"]
            await caller.update("1.0#1", "CANCELLED")
            [attempt] = [row for row in await client.attempts(TaskId(FIRST, 0)) if row.attempt == 1]
            assert attempt.outcome == "INTERRUPTED"
            await client.drain(WorkerId(1), resume=True)
            assert [task.id for task in (await caller.poll()).tasks] == ["1.0#2", "2.0#1"]

    asyncio.run(scenario())


def test_who_is_busy_gets_nothing_until_it_asks(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register(status="BUSY")
            await client.submit([commands()])
            assert await states(client) == [("stranger", "DRAINING", "says that it is busy")]
            await caller.turn("AVAILABLE")
            assert await states(client) == [("stranger", "READY", "")]
            await caller.turn("busy")
            assert await states(client) == [("stranger", "DRAINING", "says that it is busy")]
            assert len((await caller.poll()).tasks) == 1

    asyncio.run(scenario())


def test_who_leaves_gives_back_what_it_has(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands(tasks=2)])
            await caller.poll(1)
            await caller.turn("TERMINATED")
            assert await states(client) == [("stranger", "LEFT", "")]
            said = await caller.refused("PollForTask", pb.PollForTaskRequest())
            assert "worker 'stranger' is not registered: it has left (TERMINATED)" in said
            await caller.register()
            assert sorted(task.id for task in (await caller.poll()).tasks) == ["1.0#2", "1.1#2"]

    asyncio.run(scenario())


def test_what_got_lost_on_the_way_goes_to_others(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands(tasks=2)])
            await caller.poll()
            assert not (await caller.beat("1.0#1")).cancelled
            assert list((await caller.beat("1.0#1", "7.0#3")).cancelled) == ["7.0#3"]
            assert [task.id for task in (await caller.poll()).tasks] == ["1.1#2"]

    asyncio.run(scenario())


# ── which tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_is_given_commands_only_unless_it_says_that_it_can_do_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            playing = JobSpec(name="play", run=Spec(kind="simulate", body=b'{"epochs": 2}'))
            await client.submit([playing])
            told = await client.explain(TaskId(FIRST, 0))
            assert [cause.text for cause in told.causes] == ["no connected worker offers simulate"]
            assert told.nearest == "stranger does not offer simulate"
            able = pb.WorkerCapabilities(cpu_cores=1, kinds=["simulate"])
            await caller.register(capabilities=able)
            [task] = (await caller.poll()).tasks
            assert (task.kind, json.loads(task.params), task.command) == ("simulate", {"epochs": 2}, "")

    asyncio.run(scenario())


def test_its_devices_are_named(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register(capabilities=pb.WorkerCapabilities(cpu_cores=4, gpu_count=2))
            await client.submit([commands(tasks=3, needs=(Need(gpu=GpuNeed(milli=1000)),))])
            tasks = (await caller.poll()).tasks
            assert [list(task.gpus) for task in tasks] == [["0"], ["1"]]
            assert tasks[1].env["CUDA_VISIBLE_DEVICES"] == "1"

    asyncio.run(scenario())


def test_capabilities_may_change(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register(capabilities=pb.WorkerCapabilities(cpu_cores=1))
            await client.submit([commands(tasks=4)])
            assert len((await caller.poll()).tasks) == 1
            more = pb.PollForTaskRequest(capabilities=pb.WorkerCapabilities(cpu_cores=3), max_tasks=10)
            assert [task.id for task in (await caller.call("PollForTask", more)).tasks] == ["1.1#1", "1.2#1"]
            assert await caller.update("1.0#1", "COMPLETED") == "KEPT"

    asyncio.run(scenario())


def test_a_line_for_the_shell_stays_as_it_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register()
            await client.submit([commands("echo $HOME | wc", params={"shell": True})], payloads=[[b"row 1"]])
            [task] = (await caller.poll()).tasks
            assert task.command == "echo $HOME | wc"
            assert list(task.argv) == ["/bin/sh", "-c", "echo $HOME | wc"]
            assert (task.payload, task.env["PACELINE_ENTRY"]) == (b"row 1", "row 1")

    asyncio.run(scenario())


# ── beside others ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_workers_are_listed_whichever_way_they_came(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as caller:
            await caller.register(capabilities=CAPABILITIES)
            metrics = pb.WorkerMetrics(cpu_usage=12.5, memory_usage=40.0, active_tasks=1, timestamp=1.0)
            await caller.call("SendHeartbeat", pb.HeartbeatRequest(metrics=metrics))
            async with ScriptedWorker(served) as native:
                number, key = await native.join((await client.create_token("join")).token, "native")
                await native.hello(number, key)
                await native.hear("welcome")
                caller.key, mine = served.admin, caller.key
                listed = (await caller.call("ListWorkers", pb.ListWorkersRequest())).workers
                assert [(each.worker_id, each.status, each.state) for each in listed] == [
                    ("stranger", "AVAILABLE", "READY"),
                    ("native", "AVAILABLE", "READY"),
                ]
                assert listed[0].metrics == metrics
                assert listed[0].capabilities.max_tasks == 2
                caller.key = mine
                await caller.turn("TERMINATED")
                everybody = await caller.call("ListWorkers", pb.ListWorkersRequest(all=True), served.admin)
                assert [each.status for each in everybody.workers] == ["TERMINATED", "AVAILABLE"]

    asyncio.run(scenario())


def test_the_latest_registration_is_the_one_that_counts(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, Caller(served) as first:
            await first.register()
            polling = asyncio.create_task(first.poll())
            async with Caller(served, first.key) as second:
                await second.register()
                await client.submit([commands()])
                [task] = (await second.poll()).tasks
                assert task.id == "1.0#1"
                assert not (await polling).tasks

    asyncio.run(scenario())


def names(served: Served) -> list[str]:
    return [worker.name for worker in served.fleet.cluster.workers.values()]


def test_a_name_that_is_taken_gets_a_number_and_the_wanted_one_still_means_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, Caller(served) as one, Caller(served) as two:
            await one.register("box")
            assert (await two.register("box")).worker_id == "box-2"
            await two.call("SendHeartbeat", pb.HeartbeatRequest(worker_id="box"))
            await two.call("SendHeartbeat", pb.HeartbeatRequest(worker_id="box-2"))
            assert names(served) == ["box", "box-2"]

    asyncio.run(scenario())
