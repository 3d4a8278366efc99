"""Words of the machine as messages of the link, and back."""

import pytest

from paceline.agent.memory import Acked
from paceline.agent.translate import PIECE, Listener, merged, pieces, spoken
from paceline.agent.words import Beat, Chunk, Draining, Granted, Heard, Leaving, Linked, Reported, Started, ToServer
from paceline.model.columns import Attempts, Endings
from paceline.model.decision import Drain, Drop, Settled, Stop
from paceline.model.errors import PacelineError
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import Spec
from paceline.model.resources import GpuNeed, Need
from paceline.wire.convert import to_wire
from paceline.wire.gen import worker_pb2 as pb

ATTEMPT = AttemptId(JobId(1), 2, 3)
COLUMNS = pb.Attempts(job=1, indexes=[2], numbers=[3])


def endings(*sizes: int) -> Endings:
    return Endings(job=JobId(1), indexes=range(len(sizes)), results=[bytes(size) for size in sizes])


@pytest.mark.parametrize(
    ("word", "name"),
    [
        (Beat(number=7), "beat"),
        (Started(attempts=Attempts(job=JobId(1), indexes=[2])), "started"),
        (endings(1), "ended"),
        (Reported(attempt=ATTEMPT, step=1, values="{}"), "report"),
        (Chunk(attempt=ATTEMPT, stream="out", offset=5, data=b"x"), "log"),
        (Draining(resume=True), "draining"),
        (Leaving(), "leaving"),
    ],
)
def test_every_word_has_its_message(word: ToServer, name: str) -> None:
    ((message, size),) = spoken(word)
    assert message.WhichOneof("word") == name
    assert size > 0


def test_output_says_whose_it_is_and_where_it_begins() -> None:
    ((message, size),) = spoken(Chunk(attempt=ATTEMPT, stream="err", offset=5, data=b"abc"))
    assert message.log == pb.LogChunk(job=1, index=2, number=3, stream="err", offset=5, data=b"abc")
    assert size == 3


def test_small_ends_travel_together() -> None:
    assert len(list(pieces(endings(*[10] * 1000)))) == 1


def test_large_results_are_spread_over_several_messages() -> None:
    parts = list(pieces(endings(PIECE // 2, PIECE // 2, PIECE + 5, 1, 1)))
    assert [list(part.indexes) for part in parts] == [[0], [1], [2], [3, 4]]
    assert all(len(part.results) == len(part.indexes) for part in parts)


def end_of(index: int, job: int = 1, **columns: object) -> pb.WorkerWord:
    return pb.WorkerWord(ended=pb.Endings(job=job, indexes=[index], numbers=[1], seconds=[0.0], **columns))  # type: ignore[arg-type]


def test_ends_of_one_job_that_follow_each_other_are_one_word() -> None:
    (word,) = merged([end_of(0), end_of(1), end_of(2)])
    assert list(word.ended.indexes) == [0, 1, 2]
    assert list(word.ended.seconds) == [0.0, 0.0, 0.0]


def test_ends_of_other_jobs_or_with_other_columns_stay_on_their_own() -> None:
    words = [end_of(0), end_of(0, job=2), end_of(1, job=2, codes=[0]), pb.WorkerWord(beat=pb.Beat(number=1))]
    assert merged(words) == words


def test_ends_on_both_sides_of_another_word_keep_their_order() -> None:
    words = [end_of(0), pb.WorkerWord(log=pb.LogChunk(job=1, index=1)), end_of(1)]
    assert merged(words) == words


def grant(shape: int, *, spec: Spec | None = None) -> pb.ServerWord:
    word = pb.Grant(attempts=COLUMNS, shape=shape, payloads=[b"p"])
    if spec is not None:
        word.spec.CopyFrom(to_wire(spec, pb.Spec))
        word.need.CopyFrom(to_wire(Need(cpu=500, gpu=GpuNeed(milli=250, models=("A100",))), pb.Need))
    return pb.ServerWord(grant=word)


def test_a_shape_is_described_once_and_then_only_named() -> None:
    listener = Listener(0.0)
    spec = Spec(kind="function", body=b"{}", env=(("A", "b"),), cwd="/c", timeout=1.0, grace=2.0)
    first, second = listener.read(grant(1, spec=spec)), listener.read(grant(1))
    assert isinstance(first, Granted)
    assert isinstance(second, Granted)
    assert first.shape is second.shape
    assert first.shape.spec == spec
    assert first.shape.need == Need(cpu=500, gpu=GpuNeed(milli=250, models=("A100",)))
    assert (first.attempts.job, first.attempts.indexes, first.payloads) == (1, [2], [b"p"])


def test_a_shape_that_was_never_described_is_the_servers_mistake() -> None:
    with pytest.raises(PacelineError, match="granted shape 4, which it never described"):
        Listener(0.0).read(grant(4))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (pb.ServerWord(beat_heard=pb.BeatHeard(number=3)), Heard),
        (pb.ServerWord(stop=pb.Stop(attempts=COLUMNS, reason="r")), Stop),
        (pb.ServerWord(drop=pb.Drop(attempts=COLUMNS)), Drop),
        (pb.ServerWord(settled=COLUMNS), Settled),
        (pb.ServerWord(drain=pb.Drain(resume=True)), Drain),
        (pb.ServerWord(log_kept=pb.LogKept(job=1, index=2, number=3, stream="out", offset=9)), Acked),
    ],
)
def test_every_message_has_its_word(message: pb.ServerWord, kind: type[object]) -> None:
    assert isinstance(Listener(0.0).read(message), kind)


def test_a_welcome_knows_when_its_hello_was_sent() -> None:
    word = Listener(12.5).read(pb.ServerWord(welcome=pb.Welcome(protocol=1, worker=1, beat=5, lease=20)))
    assert word == Linked(sent_at=12.5, beat=5.0, lease=20.0)


def test_words_of_a_newer_server_are_passed_over() -> None:
    assert Listener(0.0).read(pb.ServerWord()) is None
