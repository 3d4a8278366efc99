"""What waits for a worker that calls, without a server: what goes back, and when."""

import asyncio
from collections.abc import Awaitable, Callable

from paceline.model.columns import Attempts
from paceline.model.decision import BeatHeard, Drain, Drop, Grant, Settled, Stop, Welcome
from paceline.model.events import AttemptsEnded, DrainAsked, Event, WorkerBeat
from paceline.model.ids import AttemptId, Incarnation, JobId, WorkerId
from paceline.model.job import Spec
from paceline.model.resources import Need
from paceline.model.task import Outcome
from paceline.server.polling.mailbox import Mailbox
from paceline.testing.clock import FakeClock

WORKER = WorkerId(1)
TRUE = Spec(kind="command", body=b'{"argv": ["true"]}')


def attempts(*indexes: int) -> Attempts:
    return Attempts(job=JobId(1), indexes=indexes)


def grant(*indexes: int, payloads: tuple[bytes, ...] = ()) -> Grant:
    return Grant(attempts=attempts(*indexes), spec=TRUE, need=Need(), payloads=payloads)


class Scene:
    """A mailbox that was welcomed, and what it has posted."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.posted: list[Event] = []
        self.box = Mailbox(7, Incarnation(1), WORKER, self.clock, self.posted.append)
        self.box.send(Welcome(worker=WORKER, beat=5.0, lease=20.0, link=7))

    def ends(self) -> list[tuple[list[int], Outcome]]:
        return [(list(e.endings.indexes), e.endings.outcomes[0]) for e in self.posted if isinstance(e, AttemptsEnded)]

    def drains(self) -> list[tuple[bool, str]]:
        return [(each.resume, each.reason) for each in self.posted if isinstance(each, DrainAsked)]


def staged(play: Callable[[Scene], Awaitable[None]]) -> Scene:
    async def scenario() -> Scene:
        scene = Scene()
        await play(scene)
        scene.box.close()
        return scene

    return asyncio.run(scenario())


def fetched(scene: Scene, most: int = 100, size: int = 1 << 20) -> list[int]:
    return [parcel.attempt.index for parcel in scene.box.fetch(most, size)]


def test_what_is_not_fetched_within_a_beat_goes_back_and_nothing_new_comes() -> None:
    async def play(scene: Scene) -> None:
        scene.box.send(grant(0, 1))
        scene.clock.advance(4.9)
        scene.box.give_back_old()
        assert scene.ends() == []
        scene.clock.advance(0.2)
        scene.box.give_back_old()
        assert scene.ends() == [([0, 1], Outcome.RETURNED)]
        assert scene.drains() == [(False, "does not ask for tasks")]
        assert fetched(scene) == []
        scene.box.resume()
        scene.box.resume()
        assert scene.drains()[1:] == [(True, "")]

    staged(play)


def test_what_is_fetched_in_time_stays() -> None:
    async def play(scene: Scene) -> None:
        scene.box.send(grant(0, 1))
        assert fetched(scene, most=1) == [0]
        assert fetched(scene, most=1) == [1]
        scene.clock.advance(60.0)
        scene.box.give_back_old()
        assert scene.posted == []

    staged(play)


def test_an_answer_holds_so_many_bytes_but_one_task_at_least() -> None:
    async def play(scene: Scene) -> None:
        large = b"x" * 600_000
        scene.box.send(grant(0, 1, 2, payloads=(large, large, b"")))
        assert fetched(scene) == [0]
        assert fetched(scene) == [1, 2]
        scene.box.send(grant(3, payloads=(b"x" * 2_000_000,)))
        assert fetched(scene) == [3]

    staged(play)


def test_nothing_of_an_earlier_registration_is_heard() -> None:
    async def play(scene: Scene) -> None:
        later = Mailbox(8, Incarnation(2), WORKER, scene.clock, scene.posted.append)
        later.send(grant(0))
        later.send(Welcome(worker=WORKER, beat=5.0, lease=20.0, link=7))
        later.send(grant(1))
        assert not later.waiting
        later.send(Welcome(worker=WORKER, beat=5.0, lease=20.0, link=8))
        later.send(grant(2))
        assert [attempt.index for attempt in later.waiting] == [2]
        later.close()

    staged(play)


def test_a_stop_ends_what_waits_and_is_told_of_the_rest() -> None:
    async def play(scene: Scene) -> None:
        scene.box.send(grant(0, 1))
        assert fetched(scene, most=1) == [0]
        scene.box.send(Stop(attempts=attempts(0, 1), reason="enough"))
        assert scene.ends() == [([1], Outcome.CANCELLED)]
        assert scene.box.untold

    staged(play)


def test_a_drain_returns_what_waits_and_one_now_breaks_off_what_runs() -> None:
    async def play(scene: Scene) -> None:
        scene.box.send(grant(0, 1))
        assert fetched(scene, most=1) == [0]
        scene.box.send(Drain())
        assert scene.ends() == [([1], Outcome.RETURNED)]
        assert not scene.box.interrupted
        scene.box.send(Drain(now=True))
        assert scene.box.interrupted == {AttemptId(JobId(1), 0, 1)}
        scene.box.send(Settled(attempts=attempts(0)))
        assert not scene.box.interrupted

    staged(play)


def test_word_of_its_own_pause_wakes_nobody() -> None:
    async def play(scene: Scene) -> None:
        scene.box.pause("busy")
        scene.box.send(Drain())
        assert not scene.box.untold
        scene.box.send(Drain(resume=True))
        assert not scene.box.untold

    staged(play)


def test_what_two_lists_in_a_row_do_not_name_is_lost() -> None:
    async def play(scene: Scene) -> None:
        scene.box.send(grant(0, 1, 2))
        fetched(scene)
        first, second, third = (AttemptId(JobId(1), index, 1) for index in range(3))
        stranger = AttemptId(JobId(9), 0, 1)
        assert scene.box.compare(frozenset({first, stranger})) == [stranger]
        assert scene.box.compare(frozenset({first, third})) == []
        assert scene.ends() == [([1], Outcome.RETURNED)]
        assert set(scene.box.handed) == {first, third}
        scene.box.compare(frozenset({first}))
        assert second not in scene.box.handed
        assert third in scene.box.handed

    staged(play)


def test_a_beat_is_answered_once_it_was_heard() -> None:
    async def play(scene: Scene) -> None:
        beating = asyncio.create_task(scene.box.beat(60.0))
        await asyncio.sleep(0)
        assert scene.posted == [WorkerBeat(worker=WORKER, incarnation=Incarnation(1))]
        scene.box.send(Settled(attempts=attempts(0)))
        await asyncio.sleep(0)
        assert not beating.done()
        scene.box.send(BeatHeard())
        assert await beating
        assert not await scene.box.beat(0.0)

    staged(play)


def test_what_is_dropped_is_remembered_for_the_answer() -> None:
    async def play(scene: Scene) -> None:
        scene.box.send(Drop(attempts=attempts(4)))
        assert [str(attempt) for attempt in scene.box.dropped] == ["1.4#1"]

    staged(play)
