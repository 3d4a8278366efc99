"""An append-only file of records that survives its writer.

    u32 length · u32 CRC-32 of the record · the record

A writer that dies in the middle leaves a torn tail; whoever opens the file next keeps every whole record before it and
cuts the rest off. Nothing is synced to disk: the spool guards against the *agent's* death. If the whole host goes down,
what it ran goes down too, and its tasks run again elsewhere: at-least-once does not need this file.
"""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

RECORD_LIMIT = 128 << 20
"""Bytes of the largest record that is believed; a longer one is a damaged length."""

_HEAD = struct.Struct("<II")


class Spool:
    """One open file. Every method raises OSError as the file system does (a full disk: ENOSPC)."""

    __slots__ = ("_fd", "_path", "base", "size")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.size = os.fstat(self._fd).st_size
        self.base = self.size  # size after it was last rewritten

    def read(self) -> list[bytes]:
        """Every whole record; what follows the last one is cut off."""
        data = os.pread(self._fd, self.size, 0)
        records = list(whole_records(data))
        self._cut(sum(_HEAD.size + len(record) for record in records))
        return records

    def append(self, *records: bytes) -> None:
        """Add these, all or nothing."""
        frames = b"".join(map(_frame, records))
        try:
            written = os.pwrite(self._fd, frames, self.size)
            if written < len(frames):
                raise OSError(28, "no space left for the spool")  # ENOSPC: the only reason for a short write
        except OSError:
            self._cut(self.size)
            raise
        self.size += len(frames)

    def replace(self, records: Iterable[bytes]) -> None:
        """These are all the records now."""
        fresh = self._path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(b"".join(map(_frame, records)))
        fresh.replace(self._path)
        self.close()
        self._fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        self.size = self.base = os.fstat(self._fd).st_size

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _cut(self, size: int) -> None:
        os.ftruncate(self._fd, size)
        self.size = size


def whole_records(data: bytes) -> Iterator[bytes]:
    """The records before the first one that is incomplete or damaged."""
    start = 0
    while len(data) - start >= _HEAD.size:
        length, crc = _HEAD.unpack_from(data, start)
        record = data[start + _HEAD.size : start + _HEAD.size + length]
        if length > RECORD_LIMIT or len(record) < length or zlib.crc32(record) != crc:
            return
        yield record
        start += _HEAD.size + length


def _frame(record: bytes) -> bytes:
    return _HEAD.pack(len(record), zlib.crc32(record)) + record
