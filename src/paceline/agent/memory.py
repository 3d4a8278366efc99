"""What an agent must remember to take over from its former self, as records for the spool.

Four things: what was given to the supervisor and what that books, ends that the server has not settled, where output
lies, and how much of it the server has. ``Gone`` takes back; everything else adds. A record is

    u32 header length · header: JSON [word, field …] · body: columns as a protobuf message, where there are any
"""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from paceline.agent.devices import Booking
from paceline.agent.places import Source
from paceline.model.columns import Attempts, Endings, column
from paceline.model.ids import AttemptId, JobId
from paceline.wire.convert import attempts_from_wire, attempts_to_wire, endings_from_wire, endings_to_wire
from paceline.wire.gen import worker_pb2 as wire

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The supervisor that everything after this was given to."""

    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A frame is about to be given to the supervisor."""

    attempts: Attempts
    booking: Booking
    program: bool
    grace: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """The output of a running call lies here."""

    attempt: AttemptId
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """All the output of an attempt that ended: from the source's offsets to these."""

    attempt: AttemptId
    source: Source
    out_end: int
    err_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Ends of one job. ``written``: of those that left output."""

    endings: Endings
    written: Sequence[Written] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acked:
    """The server durably has an attempt's output up to here."""

    attempt: AttemptId
    stream: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Settled or dropped: nothing of these is needed any more."""

    attempts: Attempts


Record: TypeAlias = Served | Taken | Traced | Closed | Acked | Gone


@dataclass(slots=True, kw_only=True)
class Memory:
    """All that is still true of a spool's records. Everything goes by the attempt's key."""

    pid: int = 0  # of the last supervisor; 0: there was none
    running: dict[str, Taken] = field(default_factory=dict)
    ended: dict[str, Closed] = field(default_factory=dict)
    traced: dict[str, Traced] = field(default_factory=dict)
    acked: dict[tuple[str, str], Acked] = field(default_factory=dict)  # by key and stream

    def note(self, record: Record) -> None:
        """The next record, in order."""
        match record:
            case Served(pid=pid):
                self.pid = pid
            case Taken():
                self.running.update(dict.fromkeys(keys(record.attempts), record))
            case Closed():
                self.ended.update(dict.fromkeys(keys(record.endings), record))
                self._remove(self.running, record.endings)
            case Traced():
                self.traced[str(record.attempt)] = record
            case Acked():
                self.acked[str(record.attempt), record.stream] = record
            case Gone():
                self._remove(self.running, record.attempts)
                self._remove(self.ended, record.attempts)
                self._remove(self.traced, record.attempts)

    def _remove(self, table: dict[str, Any], columns: Attempts | Endings) -> None:
        for key in keys(columns):
            table.pop(key, None)


def recall(records: Iterable[bytes]) -> Memory:
    """What a spool's records add up to."""
    memory = Memory()
    for record in records:
        memory.note(decode(record))
    return memory


def keys(columns: Attempts | Endings) -> list[str]:
    """Every attempt as text."""
    numbers = column(columns.numbers, len(columns.indexes), 1)
    job = columns.job
    return [f"{job}.{index}#{number}" for index, number in zip(columns.indexes, numbers, strict=True)]


def attempt_ids(columns: Attempts | Endings) -> list[AttemptId]:
    """Every attempt on its own."""
    numbers = column(columns.numbers, len(columns.indexes), 1)
    job = columns.job
    return [AttemptId(job, index, number) for index, number in zip(columns.indexes, numbers, strict=True)]


def by_job(attempts: Iterable[AttemptId]) -> list[Attempts]:
    """As columns, one value per job."""
    jobs: dict[JobId, list[AttemptId]] = {}
    for attempt in attempts:
        jobs.setdefault(attempt.job, []).append(attempt)
    return [
        Attempts(job=job, indexes=[a.index for a in group], numbers=[a.number for a in group])
        for job, group in jobs.items()
    ]


# ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def encode(record: Record) -> bytes:
    """One record."""
    match record:
        case Served(pid=pid):
            return _pack(["Served", pid])
        case Taken(booking=b):
            booked = [b.cpu, b.memory, b.disk, b.devices, b.share]
            return _pack(["Taken", booked, record.program, record.grace], _body(record.attempts))
        case Traced():
            return _pack(["Traced", record.attempt, _source(record.source)])
        case Closed():
            written = [[w.attempt, _source(w.source), w.out_end, w.err_end] for w in record.written]
            return _pack(["Closed", written], endings_to_wire(record.endings).SerializeToString())
        case Acked():
            return _pack(["Acked", record.attempt, record.stream, record.offset])
        case Gone():
            return _pack(["Gone"], _body(record.attempts))


def decode(data: bytes) -> Record:
    """The record, read back. Raises ValueError or KeyError on what no agent of this version wrote."""
    (length,) = _LENGTH.unpack_from(data)
    word, *rest = json.loads(data[_LENGTH.size : _LENGTH.size + length])
    record: Record = _READERS[word](rest, data[_LENGTH.size + length :])
    return record


def _pack(header: Sequence[object], body: bytes = b"") -> bytes:
    text = msgspec.json.encode(header)
    return _LENGTH.pack(len(text)) + text + body


def _body(attempts: Attempts) -> bytes:
    return attempts_to_wire(attempts).SerializeToString()


def _source(source: Source) -> Sequence[object]:
    return [source.out, source.err, source.out_start, source.err_start]


def _read_taken(rest: Sequence[Any], body: bytes) -> Taken:
    cpu, memory, disk, devices, share = rest[0]
    booking = Booking(cpu=cpu, memory=memory, disk=disk, devices=tuple(devices), share=share)
    return Taken(attempts=_read_attempts(body), booking=booking, program=rest[1], grace=rest[2])


def _read_closed(rest: Sequence[Any], body: bytes) -> Closed:
    written = [
        Written(attempt=AttemptId(*attempt), source=_read_source(source), out_end=out, err_end=err)
        for attempt, source, out, err in rest[0]
    ]
    return Closed(endings=endings_from_wire(wire.Endings.FromString(body)), written=written)


def _read_attempts(body: bytes) -> Attempts:
    return attempts_from_wire(wire.Attempts.FromString(body))


def _read_source(parts: Sequence[Any]) -> Source:
    out, err, out_start, err_start = parts
    return Source(out=out, err=err, out_start=out_start, err_start=err_start)


_READERS: Mapping[str, Any] = {
    "Served": lambda rest, body: Served(pid=rest[0]),
    "Taken": _read_taken,
    "Traced": lambda rest, body: Traced(attempt=AttemptId(*rest[0]), source=_read_source(rest[1])),
    "Closed": _read_closed,
    "Acked": lambda rest, body: Acked(attempt=AttemptId(*rest[0]), stream=rest[1], offset=rest[2]),
    "Gone": lambda rest, body: Gone(attempts=_read_attempts(body)),
}
