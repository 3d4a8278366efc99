"""Between the machine's words and the messages of the link. Pure, but for the table of shapes a link builds up."""

from collections.abc import Iterable, Iterator

from paceline.agent.frames import Shape
from paceline.agent.memory import Acked
from paceline.agent.words import (
    Beat,
    Chunk,
    Draining,
    FromServer,
    Granted,
    Heard,
    Leaving,
    Linked,
    Reported,
    Started,
    ToServer,
)
from paceline.model.columns import Endings
from paceline.model.decision import Drain, Drop, Settled, Stop
from paceline.model.errors import PacelineError
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import Spec
from paceline.model.resources import Need
from paceline.wire.convert import attempts_from_wire, attempts_to_wire, endings_to_wire, from_wire
from paceline.wire.gen import worker_pb2 as pb

PIECE = 1 << 20
"""Bytes of results in one word, unless a single one is larger."""
SHAPES_LIMIT = 256 << 20
"""Bytes of specs that one link may name; a new link starts with an empty table."""

_ROW = 24  # bytes of an end, roughly, besides its result


def spoken(word: ToServer) -> Iterator[tuple[pb.WorkerWord, int]]:
    """The message's words for one of ours, each with its size in bytes."""
    match word:
        case Endings():
            for piece in pieces(word):
                ended = endings_to_wire(piece)
                yield pb.WorkerWord(ended=ended), ended.ByteSize()
        case Started():
            yield pb.WorkerWord(started=attempts_to_wire(word.attempts)), 8 * len(word.attempts.indexes)
        case Beat(number=number):
            yield pb.WorkerWord(beat=pb.Beat(number=number)), 8
        case Reported(attempt=(job, index, number)):
            report = pb.Report(job=job, index=index, number=number, step=word.step, values=word.values)
            yield pb.WorkerWord(report=report), len(word.values)
        case Chunk(attempt=(job, index, number)):
            chunk = pb.LogChunk(
                job=job, index=index, number=number, stream=word.stream, offset=word.offset, data=word.data
            )
            yield pb.WorkerWord(log=chunk), len(word.data)
        case Draining():
            yield pb.WorkerWord(draining=pb.Draining(resume=word.resume, reason=word.reason)), 8
        case Leaving():
            yield pb.WorkerWord(leaving=pb.Leaving()), 8


def pieces(endings: Endings) -> Iterator[Endings]:
    """The same ends in values that fit into a message."""
    if sum(map(len, endings.results)) <= PIECE:
        yield endings
        return
    positions: list[int] = []
    size = 0
    for position, result in enumerate(endings.results):
        if positions and size + len(result) + _ROW > PIECE:
            yield endings.only(positions)
            positions, size = [], 0
        positions.append(position)
        size += len(result) + _ROW
    yield endings.only(positions)


def merged(words: Iterable[pb.WorkerWord]) -> list[pb.WorkerWord]:
    """The same, in order; ends of one job that follow each other become one word, which costs everybody less."""
    said: list[pb.WorkerWord] = []
    for word in words:
        if said and word.HasField("ended") and said[-1].HasField("ended") and _alike(said[-1].ended, word.ended):
            said[-1].ended.MergeFrom(word.ended)
        else:
            said.append(word)
    return said


def _alike(one: pb.Endings, other: pb.Endings) -> bool:
    """Of one job, with the same columns: one's rows can follow the other's."""
    same = [field.name for field, _ in one.ListFields()] == [field.name for field, _ in other.ListFields()]
    return same and one.job == other.job


class Listener:
    """Reads the words of one link. ``sent_at``: when its hello was sent."""

    def __init__(self, sent_at: float) -> None:
        self._sent_at = sent_at
        self._shapes: dict[int, Shape] = {}
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether the link has named so much that it had better begin anew."""
        return self._bytes > SHAPES_LIMIT

    def read(self, word: pb.ServerWord) -> FromServer | Acked | None:
        """What the word means; None for one that only a newer server says. Raises PacelineError for nonsense."""
        match word.WhichOneof("word"):
            case "grant":
                return self._grant(word.grant)
            case "settled":
                return Settled(attempts=attempts_from_wire(word.settled))
            case "stop":
                return Stop(attempts=attempts_from_wire(word.stop.attempts), reason=word.stop.reason)
            case "drop":
                return Drop(attempts=attempts_from_wire(word.drop.attempts))
            case "welcome":
                return Linked(sent_at=self._sent_at, beat=word.welcome.beat, lease=word.welcome.lease)
            case "beat_heard":
                return Heard(number=word.beat_heard.number)
            case "log_kept":
                return _acked(word.log_kept)
            case "drain":
                return Drain(resume=word.drain.resume, now=word.drain.now)
            case _:
                return None

    def _grant(self, grant: pb.Grant) -> Granted:
        if grant.HasField("spec"):
            shape = Shape(from_wire(grant.spec, Spec), from_wire(grant.need, Need))
            self._shapes[grant.shape] = shape
            self._bytes += len(shape.spec.body) + 1024
        if grant.shape not in self._shapes:
            raise PacelineError(f"the server granted shape {grant.shape}, which it never described")
        return Granted(
            shape=self._shapes[grant.shape],
            attempts=attempts_from_wire(grant.attempts),
            payloads=list(grant.payloads),
        )


def _acked(kept: pb.LogKept) -> Acked:
    attempt = AttemptId(JobId(kept.job), kept.index, kept.number)
    return Acked(attempt=attempt, stream=kept.stream, offset=kept.offset)
