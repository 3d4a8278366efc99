"""The link, against a server on a real socket that does what the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from paceline.agent.link import REPORTS, Link, refused
from paceline.agent.memory import Acked
from paceline.agent.words import Beat, FromServer, Heard, Leaving, Linked, Refused, Reported, Unlinked
from paceline.clock import SystemClock
from paceline.config import WorkerOptions
from paceline.model.decision import Drain
from paceline.model.errors import Conflict, NotAllowed, VersionMismatch
from paceline.model.ids import AttemptId, JobId
from paceline.wire.gen import worker_pb2 as pb
from tests.agent.server import Script, names, serving

KEY = "pl_worker_x"


class Ear:
    """What a link heard."""

    def __init__(self) -> None:
        self.words: list[FromServer | Acked] = []
        self.news = asyncio.Event()

    def __call__(self, *words: FromServer | Acked) -> None:
        self.words += words
        self.news.set()

    async def until(self, kind: type[object], count: int = 1) -> None:
        async with asyncio.timeout(10):
            while sum(isinstance(word, kind) for word in self.words) < count:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def linking(address: str, ear: Ear) -> AsyncIterator[Link]:
    options = WorkerOptions(server=address, name="w", home=Path("/nowhere"))
    hello = pb.Hello(protocol=1, worker=3, incarnation=9, name="w")
    link = Link(options, KEY, lambda: hello, ear, SystemClock(), Random(1))
    running = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        await link.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def run(test: Callable[[], Coroutine[object, object, None]]) -> None:
    asyncio.run(test())


def test_a_link_begins_with_a_hello_and_the_key() -> None:
    async def test() -> None:
        script, ear = Script(), Ear()
        async with serving(script) as address, linking(address, ear):
            await ear.until(Linked)
        assert [(hello.worker, hello.incarnation) for hello in script.hellos] == [(3, 9)]
        assert script.tokens == [f"Bearer {KEY}"]

    run(test)


def test_words_go_up_in_order_and_come_down() -> None:
    async def test() -> None:
        script, ear = Script(), Ear()
        async with serving(script) as address, linking(address, ear) as link:
            await ear.until(Linked)
            link.send([Beat(number=1), Beat(number=2), Leaving()])
            await script.until(lambda: len(script.heard) == 3)
            await script.say(
                pb.ServerWord(beat_heard=pb.BeatHeard(number=2)), pb.ServerWord(), pb.ServerWord(drain=pb.Drain())
            )
            await ear.until(Drain)
        assert names(script.heard) == ["beat", "beat", "leaving"]
        assert ear.words[1:3] == [Heard(number=2), Drain()]

    run(test)


def test_many_words_are_few_messages() -> None:
    async def test() -> None:
        script, ear = Script(), Ear()
        async with serving(script) as address, linking(address, ear) as link:
            await ear.until(Linked)
            for number in range(1000):
                link.send([Beat(number=number)])
            await script.until(lambda: len(script.heard) == 1000)
        assert [word.beat.number for word in script.heard] == list(range(1000))
        assert script.messages <= 3

    run(test)


def test_a_broken_link_is_made_anew() -> None:
    async def test() -> None:
        script, ear = Script(), Ear()
        async with serving(script) as address, linking(address, ear):
            await ear.until(Linked)
            script.break_link()
            await ear.until(Linked, 2)
        assert [type(word) for word in ear.words[:3]] == [Linked, Unlinked, Linked]

    run(test)


def test_a_link_can_be_given_up_for_a_new_one() -> None:
    async def test() -> None:
        script, ear = Script(), Ear()
        async with serving(script) as address, linking(address, ear) as link:
            await ear.until(Linked)
            link.relink()
            await ear.until(Linked, 2)
        assert len(script.hellos) == 2

    run(test)


def test_a_server_that_comes_back_is_found() -> None:
    async def test() -> None:
        script, ear = Script(), Ear()
        async with serving(script) as address:
            port = int(address.rpartition(":")[2])
        async with linking(address, ear):
            await ear.until(Refused, 2)
            async with serving(script, port):
                await ear.until(Linked)

    run(test)


def test_only_a_machine_that_is_there_refuses() -> None:
    async def test() -> None:
        async with serving(Script()) as address:
            port = int(address.rpartition(":")[2])
            assert not await refused("127.0.0.1", port)
        assert await refused("127.0.0.1", port)
        assert not await refused("no-such-host.invalid", port)

    run(test)


@pytest.mark.parametrize(
    "error", [NotAllowed("this key was revoked", hint="join again"), VersionMismatch("too old", hint="upgrade w")]
)
def test_what_cannot_get_better_ends_the_worker(error: NotAllowed | VersionMismatch) -> None:
    async def test() -> None:
        async with serving(Script(refuse=error)) as address:
            options = WorkerOptions(server=address, name="w", home=Path("/nowhere"))
            link = Link(options, KEY, pb.Hello, Ear(), SystemClock(), Random(1))
            with pytest.raises(type(error), match=error.message) as raised:
                await link.run()
        assert raised.value.hint == error.hint

    run(test)


def test_the_servers_own_trouble_does_not() -> None:
    async def test() -> None:
        script, ear = Script(refuse=Conflict("not now")), Ear()
        async with serving(script) as address, linking(address, ear):
            await script.until(lambda: script.tokens)
            script.refuse = None
            await ear.until(Linked)

    run(test)


def report(step: int) -> Reported:
    return Reported(attempt=AttemptId(JobId(1), 0, 1), step=step, values="{}")


def test_progress_waits_for_a_link_and_other_words_do_not() -> None:
    async def test() -> None:
        script, ear = Script(), Ear()
        async with serving(script) as address:
            options = WorkerOptions(server=address, name="w", home=Path("/nowhere"))
            link = Link(options, KEY, pb.Hello, ear, SystemClock(), Random(1))
            link.send([Beat(number=1), *map(report, range(REPORTS + 2))])
            running = asyncio.create_task(link.run())
            await ear.until(Linked)
            assert link.room()
            link.send([Beat(number=2)])
            await script.until(lambda: len(script.heard) == REPORTS + 1)
            await link.close()
            await running
        assert [word.report.step for word in script.heard[:-1]] == list(range(2, REPORTS + 2))
        assert names(script.heard)[-1] == "beat"

    run(test)


def test_last_words_are_heard() -> None:
    async def test() -> None:
        script, ear = Script(), Ear()
        async with serving(script) as address, linking(address, ear) as link:
            await ear.until(Linked)
            link.send([Leaving()])
            await link.close()
            assert names(script.heard) == ["leaving"]

    run(test)
