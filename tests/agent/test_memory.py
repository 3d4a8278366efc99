"""What one agent writes down, the next one knows."""

from collections.abc import Sequence

import pytest

from paceline.agent.devices import Booking
from paceline.agent.frames import Shape
from paceline.agent.memory import (
    Acked,
    Closed,
    Gone,
    Record,
    Served,
    Taken,
    Traced,
    Written,
    decode,
    encode,
    recall,
)
from paceline.agent.places import Source
from paceline.agent.words import Action, Flush, Follow, Granted, Keep, Shipped
from paceline.executor import Holds, Unbegun
from paceline.model.columns import Endings
from paceline.model.decision import Settled
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import Spec
from paceline.model.resources import GpuNeed, Need
from paceline.model.task import Outcome
from tests.agent.world import PID, World, attempts, begun, capacity, function, of, program, told

SOURCE = Source(out="/a.out", err="/a.err", out_start=3, err_start=4)
ATTEMPT = AttemptId(JobId(1), 2, 3)
RECORDS: Sequence[Record] = (
    Served(pid=7),
    Taken(
        attempts=attempts(0, 1),
        booking=Booking(cpu=1, memory=2, disk=3, devices=("GPU-0",), share=500),
        program=True,
        grace=2.5,
    ),
    Traced(attempt=ATTEMPT, source=SOURCE),
    Closed(
        endings=Endings(
            job=JobId(1), indexes=[2], numbers=[3], outcomes=[Outcome.FAILED], codes=[-9], details=["d"],
            results=[b"\x00\xff"], seconds=[0.5],
        ),
        written=[Written(attempt=ATTEMPT, source=SOURCE, out_end=9, err_end=4)],
    ),
    Acked(attempt=ATTEMPT, stream="err", offset=12),
    Gone(attempts=attempts(5)),
)  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_reads_as_it_was_written(record: Record) -> None:
    again = decode(encode(record))
    assert type(again) is type(record)
    assert encode(again) == encode(record)


def lived() -> tuple[list[bytes], World]:
    """0 runs, 1 and 2 share a frame and 1 is over, 3 ended with output, 4 was settled, 5 waits in the hand."""
    world = World(capacity(cpu=5000, gpus=2), peers=False)
    actions = [
        *world.hear(Holds(pid=PID, keys=[])),
        *world.link(),
        *world.hear(Granted(shape=Shape(Spec(kind="command", body=b""), GPU), attempts=attempts(0))),
        *world.grant(function(3000, seconds=0.0005), 1, 2),
        *world.began("1.1#1", out_start=5),
        *world.end("1.1#1", out_end=5),
        *world.began("1.2#1", out_start=5),
        *world.grant(program(1000), 3),
        *world.end("1.3#1", out_end=7),
        *world.grant(program(1000), 4),
        *world.end("1.4#1"),
        *world.hear(Settled(attempts=attempts(4))),
        *world.after(0.1),
        *world.grant(program(4000), 5),
    ]
    return [encode(keep.record) for keep in of(actions, Keep)], world


GPU = Need(gpu=GpuNeed(milli=1000))


def successor(records: Sequence[bytes]) -> tuple[World, list[Action]]:
    world = World(capacity(cpu=5000, gpus=2), peers=False)
    actions = world.worker.adopt(recall(records), world.now)
    world.worker.check()
    return world, actions


def test_the_successor_holds_what_was_begun_or_ended() -> None:
    records, _ = lived()
    world, _ = successor(records)
    assert world.held() == {"1.0#1", "1.1#1", "1.2#1", "1.3#1"}


def test_a_rewritten_spool_says_the_same() -> None:
    records, former = lived()
    rewritten = [encode(record) for record in former.worker.records()]
    assert len(rewritten) < len(records)
    world, actions = successor(records)
    again, same = successor(rewritten)
    assert again.held() == world.held()
    assert again.worker.records() == world.worker.records()
    assert same == actions


def test_adopted_attempts_book_what_they_did() -> None:
    world, _ = successor(lived()[0])
    world.hear(Holds(pid=PID, keys=["1.0#1", "1.2#1"]))
    world.link()
    assert begun(world.hear(Granted(shape=Shape(Spec(kind="command", body=b""), GPU), attempts=attempts(8)))) == [
        ["1.8#1"]
    ]
    assert begun(world.hear(Granted(shape=Shape(Spec(kind="command", body=b""), GPU), attempts=attempts(9)))) == []
    assert begun(world.end("1.0#1")) == [["1.9#1"]]


def test_output_is_followed_on() -> None:
    _, actions = successor(lived()[0])
    assert [(str(f.attempt), f.source.out, f.source.out_start) for f in of(actions, Follow)] == [
        ("1.0#1", "/w/logs/1.0.1.out", 0),
        ("1.2#1", "/pool.out", 5),
    ]


def test_ends_are_told_again_after_their_output() -> None:
    world, _ = successor(lived()[0])
    world.hear(Holds(pid=PID, keys=["1.0#1", "1.2#1"]))
    actions = world.link()
    assert told(actions) == {"1.1#1": "SUCCEEDED"}
    assert [flush.written.out_end for flush in of(actions, Flush)] == [7]
    assert told(world.hear(Shipped(keys=["1.3#1"]))) == {"1.3#1": "SUCCEEDED"}


def test_what_ended_meanwhile_is_told() -> None:
    world, _ = successor(lived()[0])
    world.link()
    world.hear(Holds(pid=PID, keys=["1.2#1"]))
    assert told(world.end("1.0#1")) == {"1.0#1": "SUCCEEDED"}


def test_what_died_with_its_supervisor_meanwhile_is_lost() -> None:
    world, _ = successor(lived()[0])
    world.link()
    actions = world.hear(Holds(pid=PID + 1, keys=[]))
    assert told(actions) == {"1.0#1": "LOST the supervisor died", "1.2#1": "LOST the supervisor died"}


def test_what_never_reached_the_supervisor_goes_back() -> None:
    world, _ = successor(lived()[0])
    world.link()
    world.hear(Holds(pid=PID, keys=["1.0#1"]))
    assert told(world.after(1.1)) == {"1.2#1": "RETURNED never reached the supervisor"}


def test_adopted_calls_cannot_be_called_anew() -> None:
    world, _ = successor(lived()[0])
    world.link()
    world.hear(Holds(pid=PID, keys=["1.0#1", "1.2#1"]))
    assert told(world.hear(Unbegun(keys=["1.2#1"]))) == {"1.2#1": "RETURNED its process died before its turn"}


def test_an_empty_spool_is_a_fresh_start() -> None:
    world, actions = successor([])
    assert (world.held(), actions) == (set(), [])
