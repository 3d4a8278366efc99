"""Submissions with more payloads than a message holds."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from paceline.model.errors import Conflict, Unreachable, UsageError
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.views import JobView
from paceline.sdk.client import Client
from paceline.sdk.parcel import divide
from paceline.sdk.replies import Submission
from paceline.wire.convert import to_wire
from paceline.wire.gen import fleet_pb2 as fleet
from tests.sdk.fleet import FakeFleet
from tests.sdk.play import play

LINES = [b"%099d" % n for n in range(50_000)]  # 5 MB
ACCEPTED = fleet.SubmitReply(jobs=[1, 2], again=True, warnings=["echo: no worker is connected"])


def job(name: str, tasks: int = 1, after: str = "") -> JobSpec:
    ranges = (Range(start=0, stop=tasks),)
    return JobSpec(
        name=name, run=Spec(kind="command", body=b"{}"), ranges=ranges, after_names=(after,) if after else ()
    )


def view(**changes: object) -> JobView:
    kept = JobView(
        job=1,
        name="echo",
        kind="command",
        state="RUNNING",
        total=len(LINES),
        waiting=0,
        running=0,
        succeeded=0,
        failed=0,
        cancelled=0,
        submitted_at=1.0,
    )
    return replace(kept, **changes)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("sizes", "follow"),
    [([], []), ([10, 20], []), ([10, 2000, 20], [1]), ([900, 800, 100], [0]), ([500, 700, 600], [1, 2])],
)
def test_the_largest_follow(sizes: Sequence[int], follow: Sequence[int]) -> None:
    specs = [job(f"j{position}") for position in range(len(sizes))]
    parcel = divide(specs, [[bytes(size)] for size in sizes], 1000)
    assert list(parcel.later) == follow
    assert [spec.open for spec in parcel.specs] == [position in follow for position in range(len(sizes))]
    assert [len(each) for each in parcel.payloads] == [0 if position in follow else 1 for position in range(len(sizes))]


def test_what_no_server_takes_is_refused_before_there_is_a_job() -> None:
    with pytest.raises(UsageError, match="echo: 2 payloads need the array 0-1"):
        divide([job("echo", 3)], [[b"a", b"b"]], 0)
    with pytest.raises(UsageError, match=r"echo: the arguments of task 1 are 1,048,577 bytes, limit 1,048,576"):
        divide([job("echo", 2)], [[b"", bytes((1 << 20) + 1)]], 0)
    with pytest.raises(UsageError, match="payloads: 1 lists for 2 jobs"):
        divide([job("a"), job("b")], [[b"a"]], 0)


def test_a_large_array_is_filled_a_slice_at_a_time() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.held = True
        server.replies["Submit"] = ACCEPTED
        answer = await client.submit([job("echo", len(LINES)), job("sum", after="echo")], payloads=[LINES, []])
        assert answer == Submission(jobs=[1, 2], again=False, warnings=["echo: no worker is connected"])  # type: ignore[list-item]
        assert (server.jobs[1].payloads, server.jobs[1].closed, server.jobs[2].closed) == (LINES, True, False)
        assert [(spec.spec.open, list(spec.spec.after_names)) for spec in server.jobs.values()] == [
            (True, []),
            (False, ["echo"]),
        ]
        assert max(word.ByteSize() for word in server.said("append")) < 1 << 20
        [call] = server.said("submit")
        assert call.request.token == server.requests[0].token != ""

    play(scenario)


def test_what_broke_off_is_completed_by_its_token() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.held = True
        server.replies |= {"Submit": ACCEPTED, "Jobs": fleet.JobsReply(jobs=[to_wire(view(open=True), fleet.JobView)])}
        specs = [job("echo", 2)]
        await client.submit(specs, payloads=[[b"a", b"b"]], token="t", room=0)
        server.jobs[1].payloads.clear()
        again = await client.submit(specs, payloads=[[b"a", b"b"]], token="t", room=0)
        assert (again.again, server.jobs[1].payloads) == (True, [b"a", b"b"])

    play(scenario)


def test_what_is_complete_is_left_alone_and_what_was_cut_short_is_told() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.held = True
        server.replies["Submit"] = ACCEPTED
        specs, payloads = [job("echo", 2)], [[b"a", b"b"]]
        await client.submit(specs, payloads=payloads, token="t", room=0)
        server.replies["Jobs"] = fleet.JobsReply(jobs=[to_wire(view(total=2), fleet.JobView)])
        assert (await client.submit(specs, payloads=payloads, token="t", room=0)).again
        assert len(server.said("append")) == 1
        server.replies["Jobs"] = fleet.JobsReply(jobs=[to_wire(view(total=1), fleet.JobView)])
        with pytest.raises(Conflict, match="job 1 was closed with 1 of its 2 tasks"):
            await client.submit(specs, payloads=payloads, token="t", room=0)

    play(scenario)


def test_that_nobody_is_there_is_told_at_once() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        await server.stop()
        with pytest.raises(Unreachable):
            await client.submit([job("echo")], payloads=[[b"a"]], room=0)

    play(scenario)


def test_a_plan_needs_no_payloads() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.replies["Plan"] = fleet.PlanReply(jobs=[fleet.ExplainReply(state="WAITING")])
        await client.plan([job("echo", len(LINES))], payloads=[LINES])
        assert server.requests[0].ByteSize() < 1000

    play(scenario)


def test_appending_any_amount() -> None:
    async def scenario(server: FakeFleet, client: Client) -> None:
        server.held = True
        await client.session.submit(fleet.SubmitRequest(specs=[fleet.JobSpec(open=True)], token="t"))
        await client.append(1, 0, LINES)
        assert server.jobs[1].payloads == LINES
        with pytest.raises(UsageError, match="job 1: the arguments of task 0"):
            await client.append(1, len(LINES), [bytes(2 << 20)])

    play(scenario)
