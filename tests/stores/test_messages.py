"""Frames survive however the socket cuts them; values survive the way to a process of the store."""

import pytest

from paceline.model.columns import Attempts
from paceline.model.errors import StoreError
from paceline.model.queries import Jobs
from paceline.model.records import AttemptsGranted
from paceline.stores.messages import (
    Answer,
    Frames,
    Kept,
    Message,
    Ready,
    Refused,
    decode,
    decode_answer,
    decode_query,
    decode_records,
    encode,
    encode_answer,
    encode_query,
    encode_records,
    head,
    join,
)
from tests.contracts.records import JOB, NOW, WORKER, granted, job, report, worker


@pytest.mark.parametrize("size", [1, 7, 8, 9, 1000])
def test_frames_may_come_in_pieces(size: int) -> None:
    bodies = [b"a", b"b" * 300, b"c"]
    stream = b"".join(head(body) + body for body in bodies)
    frames = Frames()
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert [body for piece in pieces for body in frames.feed(piece)] == bodies


@pytest.mark.parametrize("message", [Ready(epoch=3), Kept(), Refused(message="full", hint="free some space")])
def test_messages_come_through(message: Message) -> None:
    assert decode(encode(message)) == message


def test_keeps_are_joined_in_order() -> None:
    body = join([encode_records([job(), worker()]), encode_records([]), encode_records([report(1)])])
    assert decode_records(body) == [job(), worker(), report(1)]


def test_a_range_is_a_column() -> None:
    grants = AttemptsGranted(worker=WORKER, attempts=Attempts(job=JOB, indexes=range(3)), at=NOW)
    (there,) = decode_records(join([encode_records([grants])]))
    assert isinstance(there, AttemptsGranted)
    assert there.attempts.indexes == [0, 1, 2]


def test_what_is_no_column_is_refused_where_it_is_given() -> None:
    attempts = Attempts(job=JOB, indexes=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="object cannot be kept"):
        encode_records([granted(0), AttemptsGranted(worker=WORKER, attempts=attempts, at=NOW)])


def test_a_query_and_its_answer_come_through() -> None:
    query = Jobs(ids=[JOB], limit=5)
    assert decode_query(encode_query(query)) == query
    answer = decode(encode_answer([]))
    assert isinstance(answer, Answer)
    assert decode_answer(query, answer) == []


def test_a_query_by_a_number_that_nothing_has_is_refused_where_it_is_asked() -> None:
    with pytest.raises(StoreError, match="Jobs: can't serialize ints"):
        encode_query(Jobs(before=1 << 64))
