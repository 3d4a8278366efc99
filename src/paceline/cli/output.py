"""What tasks have written, on the way to the terminal: stdout to stdout, stderr to stderr, byte for byte."""

import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial

from paceline.cli.face import Face
from paceline.model.views import LogPage

TAIL_LINE = 4096
"""Bytes that a line is assumed to have at most, when the last so many lines are asked for."""


Write = Callable[[str, bytes], None]
"""Takes a stream's name and some of what was written to it."""


def write(stream: str, data: bytes) -> None:
    """To where the task meant it."""
    target = sys.stderr.buffer if stream == "err" else sys.stdout.buffer
    target.write(data)
    target.flush()


async def print_pages(
    face: Face, task: str, pages: AsyncIterator[tuple[str, LogPage]], tail: int = -1, plain: Write = write
) -> None:
    """Everything that comes, or of what is there already only the last ``tail`` lines."""
    tails: dict[str, Tail] = {}
    tell = partial(_tell, face, task, plain)
    async for stream, page in pages:
        tell(stream, page.start, page.data if tail < 0 else tails.setdefault(stream, Tail(lines=tail)).feed(page))
    for stream, rest in tails.items():
        tell(stream, 0, rest.flush())


def _tell(face: Face, task: str, plain: Write, stream: str, start: int, data: bytes) -> None:
    if data and face.json:
        text = data.decode(errors="replace")
        face.line({"type": "log", "task": task, "stream": stream, "start": start, "text": text})
    elif data:
        plain(stream, data)


@dataclass(slots=True, kw_only=True)
class Tail:
    """Holds back what was there at first, lets its last lines out, and then everything."""

    lines: int
    _held: bytearray = field(default_factory=bytearray)
    _until: int = -1  # size of the output at the first page; 0: nothing is held any more

    def feed(self, page: LogPage) -> bytes:
        """What of this page (and those before) is to be shown now."""
        if self._until < 0:
            self._until = page.size
        if self._until == 0:
            return page.data
        self._held += page.data
        return self.flush() if page.start + len(page.data) >= self._until else b""

    def flush(self) -> bytes:
        """The last lines of what is held."""
        self._until = 0
        lines = bytes(self._held).splitlines(keepends=True)
        self._held.clear()
        return b"".join(lines[-self.lines :] if self.lines else ())
