"""What passes between the supervisor and one warm process: a file in memory that both have open, and a bell.

Whatever is in the file survives the process, so every task that finished is known however the process ended, and the
task that was running is the one after them. A call never blocks the supervisor, as a full socket would. The bell is a
stream socket: down go the sizes of calls, up goes one byte when there is something to read.

    page 0       one byte per task of the call, not zero: skip it · at its end u64: how far the records go
    page 1…      the call: u32 header length · header: JSON · payloads, one after the other
    after it     f64 when it was taken up · one record per finished task
"""

import json
import mmap
import os
import struct
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from paceline.model.task import Outcome

PAGE = 4096
_END = PAGE // 8 - 1
"""Where the end of the records stands, in words. It is read and written as one machine word, since the other process
may look at any moment; ``struct`` would clear its bytes first."""
TASKS_MAX = PAGE - 8
"""Tasks of one call."""
SKIPPED = ""
"""Outcome of a task that was told to be skipped."""
OUTCOMES = (
    Outcome.SUCCEEDED.value,
    Outcome.FAILED.value,
    Outcome.LAUNCH.value,
    Outcome.REJECTED.value,
    Outcome.REQUEUED.value,
    SKIPPED,
)
"""All that a user process can say of its tasks."""
_NUMBERS = {outcome: number for number, outcome in enumerate(OUTCOMES)}
_LARGE = 1 << 20
"""Bytes above which the file gives its memory back before the next call."""

SIZE = struct.Struct("<Q")
_LENGTH = struct.Struct("<I")
_MOMENT = struct.Struct("<d")
_RECORD = struct.Struct("<BddQQII")

Record: TypeAlias = tuple[str, float, float, int, int, str, bytes]
"""One finished task: outcome, when it ended (by ``loop.steady``, which all processes of a host share), its seconds,
where its output stops on out and err, detail, result. A plain tuple: there are a hundred thousand a second."""


class Task(NamedTuple):
    """What one call is about; equal for all its keys."""

    kind: str
    digest: str
    body: str  # path of the file with the parameters
    trace: str = ""  # the job's place in a trace; empty: none


class Call(NamedTuple):
    """As the process gets it. ``payloads``: one per key."""

    task: Task
    keys: Sequence[str]
    payloads: Sequence[bytes]


class Caller:
    """The supervisor's end."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("paceline-calls", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, PAGE)
        self._page = mmap.mmap(self.fd, PAGE)
        self._words = memoryview(self._page).cast("Q")
        self._position = PAGE
        self._began_at = 0.0

    def write(self, task: Task, keys: Sequence[str], payloads: Sequence[bytes]) -> int:
        """Put a call there, in place of the one before. Returns its size, for the bell."""
        header = json.dumps([task, keys, [len(payload) for payload in payloads]]).encode()
        data = b"".join((_LENGTH.pack(len(header)), header, *payloads))
        if self._position > _LARGE:
            os.ftruncate(self.fd, PAGE)
        self._position, self._began_at = PAGE + len(data), 0.0
        self._page[: len(keys)] = bytes(len(keys))
        self._words[_END] = self._position
        _write(self.fd, data, PAGE)
        return len(data)

    def skip(self, index: int) -> None:
        """Do not begin this one."""
        self._page[index] = 1

    def began_at(self) -> float:
        """When the process took up the call; 0: not yet."""
        return self._began_at

    def records(self) -> list[Record]:
        """Tasks that finished since this was asked last, in order. Raises ValueError if the process scribbled there."""
        end = self._words[_END]
        if end == self._position:
            return []
        if not self._position < end <= os.fstat(self.fd).st_size:
            raise ValueError("the records end where there is none")
        data = os.pread(self.fd, end - self._position, self._position)
        self._position = end
        try:
            start = 0 if self._began_at else _MOMENT.size
            if start:
                (self._began_at,) = _MOMENT.unpack_from(data)
            return _records(data, start)
        except (struct.error, IndexError) as error:
            raise ValueError("these are no records") from error

    def close(self) -> None:
        self._words.release()
        self._page.close()
        os.close(self.fd)


def _records(data: bytes, start: int) -> list[Record]:
    found: list[Record] = []
    while start < len(data):
        number, ended_at, seconds, out_end, err_end, detail, result = _RECORD.unpack_from(data, start)
        text = start + _RECORD.size
        start = text + detail + result
        said = data[text : text + detail].decode(errors="replace") if detail else ""
        found.append((OUTCOMES[number], ended_at, seconds, out_end, err_end, said, data[text + detail : start]))
    return found


class Callee:
    """The process's end."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._page = mmap.mmap(fd, PAGE)
        self._words = memoryview(self._page).cast("Q")
        self._position = PAGE

    def read(self, size: int) -> Call:
        """The call the bell announced."""
        data = os.pread(self._fd, size, PAGE)
        self._position = PAGE + size
        (length,) = _LENGTH.unpack_from(data)
        start = _LENGTH.size + length
        task, keys, sizes = json.loads(data[_LENGTH.size : start])
        payloads = []
        for each in sizes:
            payloads.append(data[start : start + each])
            start += each
        return Call(Task(*task), keys, payloads or [b""] * len(keys))

    def begin(self, moment: float) -> None:
        """The call is taken up."""
        self._append(_MOMENT.pack(moment))

    def to_skip(self, index: int) -> bool:
        """This one is not wanted any more."""
        return self._page[index] != 0

    def finish(self, record: Record) -> None:
        """The next task is done."""
        outcome, ended_at, seconds, out_end, err_end, said, result = record
        detail = said.encode(errors="replace") if said else b""
        head = _RECORD.pack(_NUMBERS[outcome], ended_at, seconds, out_end, err_end, len(detail), len(result))
        self._append(head + detail + result)

    def _append(self, data: bytes) -> None:
        _write(self._fd, data, self._position)
        self._words[_END] = self._position = self._position + len(data)


def _write(fd: int, data: bytes, position: int) -> None:
    while (written := os.pwrite(fd, data, position)) < len(data):
        data, position = data[written:], position + written
