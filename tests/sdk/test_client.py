"""Every word of the client: what goes out, what comes back, and what a failure becomes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from paceline.config import ClientOptions, Tls
from paceline.model.errors import NeverFits, NotFound, PacelineError, Unreachable, UsageError
from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.resources import Capacity
from paceline.model.views import EventView, Explanation, JobView, ReportView, ResultRow, TaskView
from paceline.model.worker import Machine
from paceline.sdk.client import Client
from paceline.sdk.replies import Submission, Token, Update
from paceline.wire.convert import to_wire
from paceline.wire.gen import fleet_pb2 as fleet
from paceline.wire.gen import worker_pb2 as worker
from tests.sdk.fleet import FakeFleet
from tests.sdk.play import play
from tests.sdk.work import add, fail, fail_at

TASK = TaskId(JobId(3), 17)
SPEC = JobSpec(name="hello", run=Spec(kind="command", body=b"{}"))
JOB = JobView(
    job=3,
    name="hello",
    kind="command",
    state="RUNNING",
    total=5,
    waiting=1,
    running=1,
    succeeded=1,
    failed=1,
    cancelled=1,
    submitted_at=1.5,
    after=[1, 2],
)
TASK_VIEW = TaskView(job=3, index=17, state="FAILED", attempt=2, worker="w", outcome="OOM", code=-9)
REPORT = ReportView(job=3, index=17, attempt=1, step=4, values='{"loss": 1}', at=2.5)


def asked(reply_of: str, reply: Any, question: Callable[[Client], Awaitable[Any]]) -> tuple[Any, Any]:
    """The request that a question becomes, and the answer that the reply becomes."""
    got: list[Any] = []

    async def scenario(server: FakeFleet, client: Client) -> None:
        server.replies[reply_of] = reply
        answer = await question(client)
        assert server.metadata[-1]["authorization"] == "Bearer pl_admin_x"
        got.extend([server.requests[-1], answer])

    play(scenario)
    return got[0], got[1]


def test_submit() -> None:
    reply = fleet.SubmitReply(jobs=[3], again=True, warnings=["no worker has 9 cpus now"])
    request, answer = asked("Submit", reply, lambda c: c.submit([SPEC], payloads=[[b"a"]], token="t", must_fit=True))
    assert (request.specs[0].name, request.token, request.must_fit) == ("hello", "t", True)
    assert list(request.payloads[0].items) == [b"a"]
    assert answer == Submission(jobs=[JobId(3)], again=True, warnings=["no worker has 9 cpus now"])


def test_plan() -> None:
    cause = fleet.Cause(code="CPU", text="no worker has 9 cpus", fields={"cpu": "9"})
    reply = fleet.PlanReply(jobs=[fleet.ExplainReply(job=0, state="WAITING", causes=[cause])])
    request, answer = asked("Plan", reply, lambda c: c.plan([SPEC]))
    assert request.specs[0].run.kind == "command"
    assert (answer[0].causes[0].text, answer[0].causes[0].fields) == ("no worker has 9 cpus", {"cpu": "9"})


def test_cancel() -> None:
    request, answer = asked(
        "Cancel", fleet.CancelReply(tasks=4), lambda c: c.cancel(3, [Range(start=1, stop=5)], "enough")
    )
    assert (request.job, request.ranges[0].stop, request.reason, answer) == (3, 5, "enough", 4)


def test_jobs() -> None:
    reply = fleet.JobsReply(jobs=[to_wire(JOB, fleet.JobView)])
    request, answer = asked("Jobs", reply, lambda c: c.jobs([3], before=9, name="hello", limit=5))
    assert (list(request.ids), request.before, request.name, request.limit) == ([3], 9, "hello", 5)
    assert answer == [JOB]


def test_tasks() -> None:
    reply = fleet.TasksReply(tasks=[to_wire(TASK_VIEW, fleet.TaskView)])
    request, answer = asked("Tasks", reply, lambda c: c.tasks(3, [Range(start=17, stop=18)], ["FAILED"]))
    assert (request.job, list(request.states), request.after, request.ranges[0].start) == (3, ["FAILED"], -1, 17)
    assert answer == [TASK_VIEW]


def test_attempts() -> None:
    reply = fleet.TasksReply(tasks=[to_wire(TASK_VIEW, fleet.TaskView)])
    request, answer = asked("Attempts", reply, lambda c: c.attempts(TASK))
    assert (request.job, request.index, answer) == (3, 17, [TASK_VIEW])


def test_results() -> None:
    row = ResultRow(index=17, number=2, outcome="SUCCEEDED", code=0, detail="", result=b"r", seconds=1.5)
    reply = fleet.ResultsReply(rows=[to_wire(row, fleet.ResultRow)])
    request, answer = asked("Results", reply, lambda c: c.results(3, after=16, limit=1))
    assert (request.job, request.after, request.limit, answer) == (3, 16, 1, [row])


def test_reports() -> None:
    reply = fleet.ReportsReply(reports=[to_wire(REPORT, fleet.ReportView)])
    request, answer = asked("Reports", reply, lambda c: c.reports(3))
    assert (request.job, request.index, answer) == (3, -1, [REPORT])


def test_explain() -> None:
    explanation = Explanation(job=3, index=17, state="WAITING", causes=[], change="ask for memory: 10GiB")
    _, answer = asked("Explain", to_wire(explanation, fleet.ExplainReply), lambda c: c.explain(TASK))
    assert answer == explanation


def test_workers() -> None:
    machine = Machine(host="gpu-3", capacity=Capacity(cpu=4000, memory=1, disk=1), labels=(("zone", "b"),))
    view = fleet.WorkerView(worker=1, name="gpu-3", state="READY", machine=to_wire(machine, worker.Machine))
    request, answer = asked("Workers", fleet.WorkersReply(workers=[view]), lambda c: c.workers(all=True))
    assert request.all
    assert answer[0].machine == machine


def test_drain() -> None:
    request, answer = asked("Drain", fleet.DrainReply(), lambda c: c.drain(1, resume=True))
    assert (request.worker, request.resume, answer) == (1, True, None)


def test_events() -> None:
    view = EventView(seq=8, at=1.5, kind="JobKept", subject="3", body="{}")
    reply = fleet.EventsReply(events=[to_wire(view, fleet.EventView)])
    request, answer = asked("Events", reply, lambda c: c.events(after=7))
    assert (request.after, answer) == (7, [view])


def test_tokens() -> None:
    reply = fleet.CreateTokenReply(token="pl_join_x", expires_at=9.0, id="0123456789ab")
    request, answer = asked("CreateToken", reply, lambda c: c.create_token("join", name="gpu-3", ttl=60))
    assert (request.role, request.name, request.ttl) == ("join", "gpu-3", 60)
    assert answer == Token(token="pl_join_x", id="0123456789ab", expires_at=9.0)
    assert "pl_join_x" not in repr(answer)
    request, _ = asked("CreateToken", reply, lambda c: c.create_token("read"))
    assert not request.HasField("ttl")


def test_tasks_can_be_appended_and_the_job_closed() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.held = True
        await client.session.submit(fleet.SubmitRequest(specs=[fleet.JobSpec(open=True)], token="t"))
        await client.append(1, 0, [b"a", b"b"])
        await client.close_job(1)
        assert (server.jobs[1].payloads, server.jobs[1].closed) == ([b"a", b"b"], True)

    play(scenario)


@pytest.mark.parametrize("error", [NotFound("there is no job 9"), NeverFits("no worker has 9 GPUs", hint="ask for 8")])
def test_errors_are_raised_as_what_they_are(error: PacelineError) -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.refusals = [error]
        with pytest.raises(type(error), match=error.message) as caught:
            await client.jobs()
        assert caught.value.hint == error.hint

    play(scenario)


def test_what_is_too_large_is_named() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        with pytest.raises(UsageError, match=r"^the submit request is 5,\d+,\d+ bytes, .* at most 4,194,304\n"):
            await client.submit([SPEC], token="x" * (5 << 20))
        server.replies["Events"] = fleet.EventsReply(events=[fleet.EventView(body="x" * (5 << 20))])
        with pytest.raises(UsageError, match=r"^the answer to the events request is 5,.* 4,194,304\n") as caught:
            await client.events()
        assert caught.value.hint == "ask for fewer at a time"
        with pytest.raises(UsageError, match=r"^a word of the session is 5,.* 4,194,304\n"):
            await client.session.append(1, 0, [bytes(5 << 20)])

    play(scenario)


def test_nobody_there() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        await server.stop()
        with pytest.raises(Unreachable, match=f"no Paceline server answers at {server.options.address}"):
            await client.info()
        with pytest.raises(Unreachable):
            _ = [update async for update in client.watch([1])]

    play(scenario)


# ── streams ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_watch_tells_what_changes_until_the_server_has_no_more() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        wire = to_wire(JOB, fleet.JobView)
        server.replies["Watch"] = [
            [fleet.WatchReply(jobs=[wire]), fleet.WatchReply(reports=[to_wire(REPORT, fleet.ReportView)])]
        ]
        updates = [update async for update in client.watch([3], interval=0.5)]
        assert updates == [Update(jobs=[JOB], reports=[]), Update(jobs=[], reports=[REPORT])]
        assert (list(server.requests[0].jobs), server.requests[0].interval) == ([3], 0.5)

    play(scenario)


def test_watch_goes_on_after_a_restart() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        reply = fleet.WatchReply(jobs=[to_wire(JOB, fleet.JobView)])
        server.replies["Watch"] = [[reply, PacelineError("going down")], [reply]]
        assert len([update async for update in client.watch([3])]) == 2

    play(scenario)


def test_watch_may_be_left_early() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.replies["Watch"] = [[fleet.WatchReply()] * 100]
        updates = client.watch([3])
        await anext(updates)
        await updates.aclose()

    play(scenario)


# ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_functions_are_called() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        assert await client.call(add, 1, b=2) == 3
        assert await asyncio.gather(*(client.call(add, n) for n in range(50))) == list(range(50))
        with pytest.raises(ValueError, match="bad"):
            await client.call(fail, "bad")

    play(scenario)


def test_functions_are_mapped_in_order() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        assert [n async for n in client.map(pow, range(5), range(5))] == [n**n for n in range(5)]
        results = client.map(fail_at, [2] * 5, range(5))
        assert [await anext(results), await anext(results)] == [0, 1]
        with pytest.raises(LookupError):
            await anext(results)

    play(scenario)


@pytest.mark.parametrize("running", [False, True])
def test_an_abandoned_call_is_cancelled(running: bool) -> None:  # noqa: FBT001 - a parameter of the test
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.held = True
        call = asyncio.create_task(client.call(add, 1))
        await server.heard_that(lambda s: s.said("append"))
        if running:
            await server.start_tasks(1, [0])
            await server.heard_that(lambda s: s.said("append"))
        call.cancel()
        await server.heard_that(lambda s: s.said("cancel"))
        with pytest.raises(asyncio.CancelledError):
            await call

    play(scenario)


def test_leaving_closes_the_jobs_of_calls() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        await client.call(add, 1)
        await client.close()
        assert server.jobs[1].closed

    play(scenario)


# ── safety ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_certificate_that_is_not_there() -> None:
    async def scenario() -> None:
        async with Client(ClientOptions(address="far.example:1", token="t", tls=Tls(ca="nowhere.pem"))) as client:
            for question in (client.info(), client.close_job(1)):
                with pytest.raises(UsageError, match=r"tls\.ca: nowhere\.pem cannot be read: No such file"):
                    await question

    asyncio.run(scenario())


def test_tls_is_spoken_where_it_is_asked_for(tmp_path: Any) -> None:
    async def scenario() -> None:
        server = FakeFleet()
        await server.start()
        ca = tmp_path / "ca.pem"
        ca.write_text("no certificate")
        options = ClientOptions(address=server.options.address, token="t", tls=Tls(ca=str(ca)))
        async with Client(options) as client:
            with pytest.raises(PacelineError):
                await client.info()
        assert server.metadata == []
        await server.stop()

    asyncio.run(scenario())
