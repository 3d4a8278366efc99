"""Port: run attempts to their end, in user processes, on one host.

The agent asks, the supervisor does. Between them runs a unix stream socket that carries the words below. The
supervisor outlives its agent, so it keeps every end until the agent settles it, and tells a new agent all it holds.

An attempt has ended when its *whole process tree* is gone, and only then is the end told. What cannot be launched ends
as LAUNCH with a text; nothing here raises because of a user's mistake.

Standard library only: the supervisor imports this and must stay small. A frame is

    u32 header length · u32 body length · header: JSON [word, {field: value}, [blob length …]] · body: the blobs

where a word's ``blobs`` field travels as raw bytes and everything else as JSON.
"""

import errno
import functools
import json
import os
import struct
from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, TypeAlias

FRAME_LIMIT = 64 << 20
"""Bytes of the largest frame that is accepted; a longer one means that the stream is broken."""
SOCKET = "supervisor.sock"
"""In the worker's directory: the stream socket on which the supervisor listens."""
REPORTS = "reports.sock"
"""In the worker's directory: the datagram socket on which the supervisor takes progress from user processes."""


# ── agent → supervisor ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Run a program, once per key, in this order, one after the other; however one ends, the next begins.

    A key is an attempt as text (``3.17#1``). ``own``: what each one's environment has besides ``env``; ``outs``,
    ``errs``: files for its output.
    """

    keys: Sequence[str]
    argv: Sequence[str]
    env: Mapping[str, str]
    own: Sequence[Mapping[str, str]]
    cwds: Sequence[str]
    outs: Sequence[str]
    errs: Sequence[str]
    timeout: float = 0.0  # seconds, per key; 0: none
    grace: float = 10.0  # seconds between TERM and KILL
    memory: int = 0  # bytes that a whole tree may use; 0: as much as there is


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Call a kind's function in a warm process, once per key, in this order, one after the other.

    ``python``, ``env``, ``cwd`` and ``memory`` choose the pool: processes are shared only among equal ones, and one
    process runs one call at a time. ``digest`` names (kind, body); the body is ``blobs[0]`` the first time a connection
    mentions the digest and ``b""`` after that. ``blobs[1:]`` are the payloads, one per key (or none at all: tasks
    without payload). ``trace``: the job's place in a trace (W3C), from which each key's own follows; empty: none.
    """

    keys: Sequence[str]
    kind: str
    digest: str
    python: str
    env: Mapping[str, str]
    cwd: str
    logs: str  # directory where the process keeps its output files
    timeout: float = 0.0  # seconds, per key
    grace: float = 10.0
    memory: int = 0  # bytes that a process and its children may use; 0: as much as there is
    trace: str = ""
    blobs: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """End this attempt, whole tree: TERM, KILL after ``grace`` seconds; its end is told as ``outcome``.

    A key that has not begun is told as ended at once. A key that is not here is ignored.
    """

    key: str
    outcome: str
    detail: str = ""
    grace: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """These ends are safe with the agent; forget them."""

    keys: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Kill everything (outcome INTERRUPTED) unless another lease arrives within ``seconds``. 0: no lease, ever."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """Exit as soon as nothing runs."""


# ── supervisor → agent ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """First word on every connection: all keys that have not ended here (begun or not).

    What ended and is not settled follows: its end, and before that, if it left output, that it began.
    """

    pid: int
    keys: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """An attempt started; its output goes to these files from these offsets on.

    Of a program that ended within milliseconds only the end is told, if its output files were new.
    """

    key: str
    out: str
    err: str
    out_start: int = 0
    err_start: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Ends, as columns. ``outcomes`` are values of ``model.task.Outcome``; ``codes`` exit codes or minus signals.

    ``out_ends``/``err_ends``: where each attempt's output stops in its file. ``blobs``: results, one per key.
    """

    keys: Sequence[str]
    outcomes: Sequence[str]
    codes: Sequence[int]
    details: Sequence[str]
    seconds: Sequence[float]
    out_ends: Sequence[int]
    err_ends: Sequence[int]
    blobs: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbegun:
    """Keys of a call that will not begin, because its process died before their turn: call them anew."""

    keys: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwritable:
    """Keys that did not begin, because the disk would not take what they need there; ``fault``: what it says.

    None of their fault, and others would fare no better. Kept nowhere: a new agent hears of these no more.
    """

    keys: Sequence[str]
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A running attempt reports a step; ``values`` is a JSON object."""

    key: str
    step: int
    values: str


ToSupervisor: TypeAlias = Launch | Call | Halt | Settle | Lease | Retire
FromSupervisor: TypeAlias = Holds | Began | Ended | Unbegun | Unwritable | Progress
Word: TypeAlias = ToSupervisor | FromSupervisor

_WORDS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Launch, Call, Halt, Settle, Lease, Retire, Holds, Began, Ended, Unbegun, Unwritable, Progress)
}
_HEAD = struct.Struct("<II")


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def encode(word: Word, dump: Callable[[object], bytes] = _dump) -> bytes:
    """One frame. ``dump``: whoever has a faster way to JSON than the standard library may use it."""
    plain = {name: getattr(word, name) for name in _plain(type(word).__name__)}
    blobs: Sequence[bytes] = getattr(word, "blobs", ())
    header = dump([type(word).__name__, plain, [len(b) for b in blobs]])
    body = b"".join(blobs)
    return _HEAD.pack(len(header), len(body)) + header + body


@dataclass(slots=True)
class Decoder:
    """Bytes in, words out; keeps what is not yet a whole frame. ``load``: from JSON, as ``dump`` of ``encode``."""

    load: Callable[[bytes], Any] = json.loads
    _rest: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[Word]:
        """Every word that is complete now. Raises ValueError on a frame no honest peer sends."""
        self._rest += data
        while len(self._rest) >= _HEAD.size:
            head, body = _HEAD.unpack_from(self._rest)
            if head + body > FRAME_LIMIT:
                raise ValueError(f"frame of {head + body} bytes, limit {FRAME_LIMIT}")
            end = _HEAD.size + head + body
            if len(self._rest) < end:
                return
            frame = bytes(self._rest[_HEAD.size : end])
            del self._rest[:end]
            yield _word(self.load(frame[:head]), frame, head)


@functools.cache
def _plain(name: str) -> tuple[str, ...]:
    return tuple(f.name for f in fields(_WORDS[name]) if f.name != "blobs")


def _word(header: Any, frame: bytes, head: int) -> Word:
    name, plain, sizes = header
    if sizes:
        plain["blobs"] = list(_cut(frame, head, sizes))
    word: Word = _WORDS[name](**plain)
    return word


def _cut(frame: bytes, start: int, sizes: Sequence[int]) -> Iterator[bytes]:
    for size in sizes:
        yield frame[start : start + size]
        start += size


_FAULTS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO))


def disk_fault(error: BaseException) -> str:
    """ "no space left on device": what a disk that cannot be written says; empty: it is no such error."""
    if isinstance(error, OSError) and error.errno in _FAULTS:
        return os.strerror(error.errno).lower()
    return ""


class Executor(Protocol):
    """One way of running attempts, inside the supervisor (``executors/``)."""

    def keys(self) -> KeysView[str]:
        """Attempts that have not ended, as they are at any moment."""
        ...

    def begun(self) -> Iterator[Began]:
        """The attempts at work, as a new agent needs to hear of them."""
        ...

    def halt(self, order: Halt) -> bool:
        """Begin to end the attempt. False: it is not one of mine."""
        ...
