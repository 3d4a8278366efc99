"""What the server's process and the store's processes say to each other.

Both ends are Paceline's own, one version, one machine: frames of msgpack down a socket that the child inherits.

    u64 length · msgpack

The keeping process hears batches, ``[[[record class, record], …], …]``: one inner list for each ``keep``. It says
``Ready`` once, then ``Kept`` for every batch, or ``Refused`` once and for all; before a ``Kept``, ``Stuck`` each time
that it tried in vain. The reading process hears ``[query class, query]`` and says ``Answer`` or ``Refused``, in order.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar, get_args

import msgspec

from paceline.model.errors import StoreError
from paceline.model.ids import JobId
from paceline.model.queries import (
    Entries,
    Events,
    JobRow,
    Jobs,
    LatestAttempts,
    Log,
    Query,
    Reports,
    ReportsFrom,
    Results,
    Submission,
    TaskAttempts,
)
from paceline.model.records import Record
from paceline.model.views import EntryRow, EventView, LogPage, ReportView, ResultRow, TaskView

A = TypeVar("A")


class Ready(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The store is open, and this server's under that epoch."""

    epoch: int


class Kept(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The batch is on disk."""


class Stuck(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The batch cannot be kept for now, why, and what would help. It is tried again."""

    what: str
    cure: str


class Answer(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """To the oldest query that has none."""

    value: msgspec.Raw


class Refused(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """A StoreError, by its words."""

    message: str
    hint: str = ""


Message: TypeAlias = Ready | Kept | Stuck | Answer | Refused

_RECORDS: Mapping[str, type[Record]] = {kind.__name__: kind for kind in get_args(Record)}
_ANSWERS: Mapping[type[Query[object]], object] = {
    Jobs: list[JobRow],
    Submission: list[tuple[JobId, str]],
    LatestAttempts: list[TaskView],
    TaskAttempts: list[TaskView],
    Results: list[ResultRow],
    Entries: list[EntryRow],
    Log: LogPage,
    Reports: list[ReportView],
    ReportsFrom: list[tuple[int, ReportView]],
    Events: list[EventView],
}
_QUERIES: Mapping[str, type[Query[object]]] = {kind.__name__: kind for kind in _ANSWERS}

_LENGTH = struct.Struct("<Q")
HEAD = _LENGTH.size
"""Bytes before the body of a frame."""


def head(body: bytes) -> bytes:
    """What goes before the body of a frame."""
    return _LENGTH.pack(len(body))


def length(head: bytes | bytearray) -> int:
    """Bytes of the body that follows."""
    return int(_LENGTH.unpack(head)[0])


class Frames:
    """Bytes in, bodies of frames out; keeps what is not yet whole."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Every body that is complete now."""
        self._rest += data
        while len(self._rest) >= HEAD:
            end = HEAD + length(self._rest[:HEAD])
            if len(self._rest) < end:
                return
            body = bytes(self._rest[HEAD:end])
            del self._rest[:end]
            yield body


def _plain(value: object) -> object:
    if isinstance(value, Sequence):  # a range, say: columns are any sequence
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")


_encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode
_message = msgspec.msgpack.Decoder(Ready | Kept | Stuck | Answer | Refused)
_batches = msgspec.msgpack.Decoder(list[list[tuple[str, msgspec.Raw]]])
_asked = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
_record = {name: msgspec.msgpack.Decoder(kind) for name, kind in _RECORDS.items()}
_query = {name: msgspec.msgpack.Decoder(kind) for name, kind in _QUERIES.items()}
_answer = {kind: msgspec.msgpack.Decoder(answer) for kind, answer in _ANSWERS.items()}


def encode(message: Message) -> bytes:
    """A message as body of a frame."""
    return _encode(message)


def decode(body: bytes) -> Message:
    """The message in a body."""
    message: Message = _message.decode(body)
    return message


def encode_records(records: Sequence[Record]) -> bytes:
    """What one ``keep`` was given. Raises TypeError for what cannot be kept."""
    return _encode([(type(record).__name__, record) for record in records])


def join(keeps: Sequence[bytes]) -> bytes:
    """Several keeps as body of one frame."""
    return _encode([msgspec.Raw(keep) for keep in keeps])


def decode_records(body: bytes) -> list[Record]:
    """All records of a frame, in order."""
    return [_record[name].decode(raw) for keep in _batches.decode(body) for name, raw in keep]


def encode_query(query: Query[A]) -> bytes:
    """A query as body of a frame. Raises StoreError for one with a number that nothing can be called by."""
    try:
        return _encode((type(query).__name__, query))
    except OverflowError as error:
        raise StoreError(f"store: {type(query).__name__}: {error}") from None


def decode_query(body: bytes) -> Query[object]:
    """The query in a body."""
    name, raw = _asked.decode(body)
    return _query[name].decode(raw)


def encode_answer(value: object) -> bytes:
    """An answer as body of a frame."""
    return _encode(Answer(value=msgspec.Raw(_encode(value))))


def decode_answer(query: Query[A], answer: Answer) -> A:
    """The answer to a query, in its type."""
    value: A = _answer[type(query)].decode(answer.value)
    return value
