"""One stream of numbered words that survives its server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

import pytest

from paceline.clock import SystemClock
from paceline.model.columns import Endings
from paceline.model.errors import Conflict, NotAllowed, NotFound, PacelineError, TryAgain, Unreachable, UsageError
from paceline.model.job import Range
from paceline.sdk.session import Session
from paceline.testing import FakeClock
from paceline.wire import far
from paceline.wire.gen import fleet_pb2 as fleet
from paceline.wire.gen import worker_pb2 as worker
from paceline.wire.near import SESSION
from paceline.wire.protocol import metadata
from paceline.wire.stream import Stream
from tests.sdk.fleet import FakeFleet


class Notes:
    """A follower that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.more = asyncio.Event()

    def started(self, indexes: Sequence[int]) -> None:
        self._note(("started", list(indexes)))

    def ended(self, endings: Endings) -> None:
        self._note(("ended", list(endings.indexes)))

    def over(self, state: str) -> None:
        self._note(("over", state))

    def lost(self, error: PacelineError) -> None:
        self._note(("lost", str(error)))

    def _note(self, what: object) -> None:
        self.told.append(what)
        self.more.set()

    async def next(self) -> object:
        while not self.told:
            self.more.clear()
            await self.more.wait()
        return self.told.pop(0)


@asynccontextmanager
async def connected(server: FakeFleet, patience: float = 20.0) -> AsyncIterator[Session]:
    clock = SystemClock() if patience else FakeClock()
    way = far.Way(server.options.address, server.options.tls, metadata(server.options.token))

    async def dial() -> Stream[fleet.ToClient]:
        return way.reach(SESSION, fleet.ToClient)

    session = Session(
        dial,
        address=server.options.address,
        clock=clock,
        patience=patience,
    )
    try:
        yield session
    finally:
        await session.close()
        await way.close()


Scenario = Callable[[FakeFleet], Coroutine[None, None, None]]


def play(scenario: Scenario) -> None:
    """Run it against a server of its own."""

    async def run() -> None:
        server = FakeFleet()
        await server.start()
        try:
            await scenario(server)
        finally:
            await server.stop()

    asyncio.run(run())


def request(token: str = "t1") -> fleet.SubmitRequest:
    return fleet.SubmitRequest(specs=[fleet.JobSpec(name="j", open=True)], token=token)


def test_words_are_answered() -> None:
    async def scenario(server: FakeFleet) -> None:
        server.held = True
        async with connected(server) as session:
            job = (await session.submit(request())).jobs[0]
            await session.append(job, 0, [b"a", b"b"])
            assert (await session.cancel(job, [Range(start=0, stop=2)], "no")).tasks == 2
            await session.close_job(job)
        assert server.jobs[1].payloads == [b"a", b"b"]
        assert server.jobs[1].closed
        assert server.said("cancel")[0].request.reason == "no"
        assert server.metadata == [server.metadata[0]]
        assert server.metadata[0]["authorization"] == "Bearer pl_admin_x"
        assert server.metadata[0]["paceline-protocol"] == "1"

    play(scenario)


def test_a_problem_is_raised_as_what_it_is() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server) as session:
            server.problems = [UsageError("needs.cpu: 0 is too few", hint="ask for 1")]
            with pytest.raises(UsageError, match=r"needs\.cpu: 0 is too few") as caught:
                await session.submit(request())
            assert caught.value.hint == "ask for 1"
            assert (await session.submit(request())).jobs == [1]

    play(scenario)


def test_a_follower_hears_starts_and_ends_and_the_end() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server) as session:
            await session.submit(request())
            notes = Notes()
            await session.follow(1, notes)
            await server.start_tasks(1, [0, 1])
            assert await notes.next() == ("started", [0, 1])
            await server.say(fleet.FleetWord(over=fleet.JobOver(job=1, state="SUCCEEDED")))
            assert await notes.next() == ("over", "SUCCEEDED")
            await server.start_tasks(1, [2])
            await session.close_job(1)
            assert notes.told == []

    play(scenario)


def test_unanswered_words_are_said_again_in_order_after_a_restart() -> None:
    async def scenario(server: FakeFleet) -> None:
        server.held = True
        async with connected(server) as session:
            await session.submit(request())
            server.silent = True
            first = session.append(1, 0, [b"a"])
            second = session.append(1, 1, [b"b"])
            await server.heard_that(lambda s: len(s.said("append")) == 2)
            server.silent = False
            await server.restart()
            await asyncio.gather(first, second)
        assert server.jobs[1].payloads == [b"a", b"b"]
        assert [each.first for each in server.said("append")] == [0, 1, 0, 1]

    play(scenario)


def test_a_submission_that_was_heard_but_not_answered_makes_one_job() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server) as session:
            server.silent = True
            answer = session.submit(request())
            await server.heard_that(lambda s: s.said("submit"))
            server._hear_submit(server.said("submit")[0], fleet.Answered())  # it was kept before the server died
            server.silent = False
            await server.restart()
            assert (await answer).jobs == [1]
        assert len(server.jobs) == 1

    play(scenario)


def test_what_was_followed_is_followed_again_and_ends_come_again() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server) as session:
            await session.submit(request())
            notes = Notes()
            await session.follow(1, notes)
            server.jobs[1].ends[5] = fleet_ending(5)
            await server.restart()
            assert await notes.next() == ("ended", [5])
            assert len(server.said("follow")) == 2

    play(scenario)


def test_a_job_that_the_new_server_does_not_know_is_lost_to_its_follower() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server) as session:
            await session.submit(request())
            notes = Notes()
            await session.follow(1, notes)
            server.problems = [NotFound("there is no job 1")]
            await server.restart()
            assert await notes.next() == ("lost", "there is no job 1")

    play(scenario)


def test_patience_ends() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server, patience=0) as session:
            await session.submit(request())
            notes = Notes()
            await session.follow(1, notes)
            server.silent = True
            answer = session.append(1, 0, [b"a"])
            await server.heard_that(lambda s: s.said("append"))
            await server.stop()
            with pytest.raises(Unreachable):
                await answer
            assert "lost" in str(await notes.next())
            await server.start()
            server.silent = False
            assert (await session.submit(request("t2"))).jobs == [2]  # a later word tries anew

    play(scenario)


def test_what_the_server_cannot_take_for_now_is_said_again() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server) as session:
            server.problems = [TryAgain("the server is read-only")]
            answer = await session.submit(request())
            assert list(answer.jobs) == [1]
            assert len(server.said("submit")) == 2

    play(scenario)


def test_an_append_that_cannot_be_taken_is_not_said_again_behind_its_successors() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server) as session:
            server.problems = [TryAgain("the server is read-only")]
            with pytest.raises(TryAgain, match="read-only"):
                await session.append(1, 0, [b"x"])
            assert len(server.said("append")) == 1

    play(scenario)


def test_patience_with_a_server_that_cannot_is_limited_too() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server, patience=0.0) as session:
            server.problems = [TryAgain("the server is read-only")]
            with pytest.raises(TryAgain, match="read-only"):
                await session.submit(request())

    play(scenario)


def test_credentials_that_are_refused_are_not_tried_again() -> None:
    async def scenario(server: FakeFleet) -> None:
        server.refusals = [NotAllowed("the token is not known here", hint="paceline token create")]
        async with connected(server) as session:
            with pytest.raises(NotAllowed, match="not known here"):
                await session.submit(request())

    play(scenario)


def test_other_refusals_of_the_stream_are_tried_again() -> None:
    async def scenario(server: FakeFleet) -> None:
        server.refusals = [PacelineError("not yet")]
        async with connected(server) as session:
            assert (await session.submit(request())).jobs == [1]

    play(scenario)


def test_closing_tells_whoever_still_waits() -> None:
    async def scenario(server: FakeFleet) -> None:
        server.silent = True
        async with connected(server) as session:
            answer = session.submit(request())
            await server.heard_that(lambda s: s.said("submit"))
        with pytest.raises(Unreachable, match="closed"):
            await answer

    play(scenario)


def test_a_word_refused_as_a_conflict_leaves_the_session_usable() -> None:
    async def scenario(server: FakeFleet) -> None:
        async with connected(server) as session:
            await session.submit(request())
            server.problems = [Conflict("job 1 is closed")]
            with pytest.raises(Conflict):
                await session.append(1, 0, [b"a"])
            await session.close_job(1)

    play(scenario)


def fleet_ending(index: int) -> worker.Endings:
    return worker.Endings(job=1, indexes=[index], results=[b"r"])
