"""The file: a line that says what it is, then frames.

    u32 length · u32 CRC-32 of the body · body

A server that is killed leaves at most its last frame unfinished. The next one that records there cuts that off and goes
on behind it; whoever reads it says so.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from paceline.model.errors import Conflict, NotFound, UsageError

MAGIC = b"paceline recording 1\n"
_HEAD = struct.Struct("<II")


class Torn(Exception):
    """The rest of the file is no frame. ``whole``: bytes before it; ``damaged``: something else than an early end."""

    def __init__(self, whole: int, *, damaged: bool) -> None:
        super().__init__(whole)
        self.whole = whole
        self.damaged = damaged


def open_for_appending(path: Path) -> BinaryIO:
    """A recording to go on with, new or old, ours alone until it is closed; nothing written to it waits in memory.

    Raises UsageError for a file that is something else, Conflict where another server records there.
    """
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0)
    except OSError as error:
        raise UsageError(f"--record: cannot write {path}: {error.strerror}", hint="give a path to a new file") from None
    try:
        _take_over(file, path)
    except BaseException:
        file.close()
        raise
    return file


def _take_over(file: BinaryIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Conflict(f"--record {path}: another server records there", hint="give each a file of its own") from None
    start = file.read(len(MAGIC))
    if not start:
        file.write(MAGIC)
    elif start != MAGIC:
        raise UsageError(f"--record {path}: is there already and is no recording", hint="give a path to a new file")
    try:
        for _ in _bodies(file):
            pass
    except Torn as torn:
        if torn.damaged:
            raise UsageError(f"--record {path}: is damaged at byte {torn.whole}", hint="give a new file") from None
        file.truncate(torn.whole)
    file.seek(0, os.SEEK_END)


def frame(body: bytes) -> bytes:
    """A body as it stands in the file."""
    return _HEAD.pack(len(body), crc32(body)) + body


def read_bodies(path: Path) -> Iterator[bytes]:
    """The bodies of all frames. Raises NotFound, UsageError for what is no recording, at its end Torn if it is torn."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror}", hint="`paceline server --record FILE` makes recordings") from None
    with file:
        if file.read(len(MAGIC)) != MAGIC:
            raise UsageError(f"{path}: is no recording", hint="`paceline server --record FILE` makes recordings")
        yield from _bodies(file)


def _bodies(file: BinaryIO) -> Iterator[bytes]:
    whole = file.tell()
    size = os.fstat(file.fileno()).st_size
    while head := file.read(_HEAD.size):
        if len(head) < _HEAD.size:
            raise Torn(whole, damaged=False)
        length, check = _HEAD.unpack(head)
        if whole + _HEAD.size + length > size:
            raise Torn(whole, damaged=False)
        body = file.read(length)
        if crc32(body) != check:
            raise Torn(whole, damaged=whole + _HEAD.size + length < size)
        yield body
        whole += _HEAD.size + length
