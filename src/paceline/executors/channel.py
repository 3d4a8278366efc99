"""What passes between the supervisor and one warm process: a file in memory that both have open, and a bell.

Whatever is in the file survives the process, so every task that finished is known however the process ended, and the
task that was running is the one after them. A call never blocks the supervisor, as a full socket would. The bell is a
stream socket: down go the sizes of calls, up goes one byte when there is something to read.

    page 0       one byte per task of the call; not zero: skip it
    page 1…      the call: u32 header length · header: JSON · payloads, one after the other
    after it     f64 when it began · one record per finished task
"""

import json
import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from paceline.model.task import Outcome

PAGE = 4096
TASKS_MAX = PAGE
"""Tasks of one call."""
SKIPPED = ""
"""Outcome of a task that was told to be skipped."""

OUTCOMES = (Outcome.SUCCEEDED.value, Outcome.FAILED.value, Outcome.LAUNCH.value, Outcome.REJECTED.value, SKIPPED)
"""All that a user process can say of its tasks."""
_NUMBERS = {outcome: number for number, outcome in enumerate(OUTCOMES)}

SIZE = struct.Struct("<Q")
_LENGTH = struct.Struct("<I")
_MOMENT = struct.Struct("<d")
_RECORD = struct.Struct("<BddQQII")


class Task(NamedTuple):
    """What one call is about; equal for all its keys."""

    kind: str
    digest: str
    body: str  # path of the file with the parameters


class Record(NamedTuple):
    """One finished task. ``ended_at`` by ``loop.steady``, which all processes of a host share."""

    outcome: str
    ended_at: float
    seconds: float
    out_end: int
    err_end: int
    detail: str
    result: bytes


class Call(NamedTuple):
    """As the process gets it. ``payloads``: one per key."""

    task: Task
    keys: Sequence[str]
    payloads: Sequence[bytes]


class Caller:
    """The supervisor's end. Raises ValueError when the process scribbled over the file."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("paceline-calls", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, PAGE)
        self._position = PAGE
        self._began_at = 0.0
        self._skips = 0

    def write(self, task: Task, keys: Sequence[str], payloads: Sequence[bytes]) -> int:
        """Put a call there, in place of the one before. Returns its size, for the bell."""
        header = json.dumps([task, keys, [len(payload) for payload in payloads]]).encode()
        data = b"".join((_LENGTH.pack(len(header)), header, *payloads))
        os.ftruncate(self.fd, PAGE)
        if self._skips:
            os.pwrite(self.fd, bytes(PAGE), 0)
        _write(self.fd, data, PAGE)
        self._position, self._began_at, self._skips = PAGE + len(data), 0.0, 0
        return len(data)

    def skip(self, index: int) -> None:
        """Do not begin this one."""
        os.pwrite(self.fd, b"\1", index)
        self._skips += 1

    def began_at(self) -> float:
        """When the process took up the call; 0: not yet."""
        if not self._began_at:
            data = os.pread(self.fd, _MOMENT.size, self._position)
            if len(data) == _MOMENT.size:
                (self._began_at,) = _MOMENT.unpack(data)
                self._position += _MOMENT.size
        return self._began_at

    def records(self) -> Iterator[Record]:
        """Tasks that finished since this was asked last, in order."""
        if not self.began_at():
            return
        data = os.pread(self.fd, max(0, os.fstat(self.fd).st_size - self._position), self._position)
        start = 0
        while start + _RECORD.size <= len(data):
            number, ended_at, seconds, out_end, err_end, detail, result = _RECORD.unpack_from(data, start)
            text = start + _RECORD.size
            if number >= len(OUTCOMES):
                raise ValueError(f"no outcome has the number {number}")
            if text + detail + result > len(data):
                return
            start = text + detail + result
            self._position += _RECORD.size + detail + result
            said = data[text : text + detail].decode(errors="replace") if detail else ""
            yield Record(OUTCOMES[number], ended_at, seconds, out_end, err_end, said, data[text + detail : start])

    def close(self) -> None:
        os.close(self.fd)


class Callee:
    """The process's end."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._skips = mmap.mmap(fd, PAGE, prot=mmap.PROT_READ)
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
        return self._skips[index] != 0

    def finish(self, record: Record) -> None:
        """The next task is done."""
        outcome, ended_at, seconds, out_end, err_end, said, result = record
        detail = said.encode(errors="replace")
        head = _RECORD.pack(_NUMBERS[outcome], ended_at, seconds, out_end, err_end, len(detail), len(result))
        self._append(head + detail + result)

    def _append(self, data: bytes) -> None:
        _write(self._fd, data, self._position)
        self._position += len(data)


def _write(fd: int, data: bytes, position: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, position)
        view, position = view[written:], position + written
