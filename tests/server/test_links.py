"""What is said on which connection."""

import asyncio

import pytest

from paceline.model.columns import Attempts
from paceline.model.decision import Drop, Stop, Welcome
from paceline.model.errors import TryAgain
from paceline.model.ids import Incarnation, JobId, WorkerId
from paceline.server.links import Link, Links

WORKER = WorkerId(1)
NOW, BEFORE = Incarnation(2), Incarnation(1)
SOME = Attempts(job=JobId(1), indexes=(0,))


def said(link: Link) -> list[str]:
    """The words that wait on a connection."""

    async def drain() -> list[str]:
        link.outgoing.close()
        return [str(word.WhichOneof("word")) async for batch in link.outgoing.batches() for word in batch]

    return asyncio.run(drain())


def welcome(link: Link) -> Welcome:
    return Welcome(worker=WORKER, beat=5.0, lease=20.0, link=link.number)


def test_nothing_is_said_before_the_welcome() -> None:
    links = Links()
    link = links.open(WORKER, NOW)
    links.send(WORKER, Drop(attempts=SOME))
    links.send(WORKER, welcome(link))
    links.send(WORKER, Stop(attempts=SOME, reason=""))
    assert said(link) == ["welcome", "stop"]


def test_what_was_decided_for_an_earlier_connection_does_not_reach_a_later_one() -> None:
    links = Links()
    earlier = links.open(WORKER, NOW)
    links.send(WORKER, welcome(earlier))
    later = links.open(WORKER, NOW)
    links.send(WORKER, Stop(attempts=SOME, reason=""))
    links.send(WORKER, welcome(earlier))
    links.send(WORKER, Stop(attempts=SOME, reason=""))
    links.send(WORKER, welcome(later))
    assert said(later) == ["welcome"]
    assert said(earlier) == ["welcome"]


def test_closing_a_replaced_connection_leaves_the_new_one() -> None:
    links = Links()
    earlier, later = links.open(WORKER, NOW), links.open(WORKER, NOW)
    links.close(WORKER, earlier)
    links.send(WORKER, welcome(later))
    assert said(later) == ["welcome"]
    links.close(WORKER, later)
    links.send(WORKER, Stop(attempts=SOME, reason=""))


def test_a_worker_that_is_not_there_hears_nothing() -> None:
    Links().send(WORKER, Stop(attempts=SOME, reason=""))


def test_a_hello_that_a_dead_agent_left_behind_does_not_displace_its_successor() -> None:
    links = Links()
    link = links.open(WORKER, NOW)
    with pytest.raises(TryAgain, match="a later start of worker 1 is connected"):
        links.open(WORKER, BEFORE)
    links.send(WORKER, welcome(link))
    assert said(link) == ["welcome"]
    links.close(WORKER, link)
    assert links.open(WORKER, BEFORE).number == 2  # the date was put back
