"""Output as text: bytes come in pieces that know nothing of characters."""

import codecs
from collections.abc import Iterator, Mapping

import msgspec

from paceline.model.views import LogPage


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Whole characters of one stream of one attempt, from byte ``start`` on."""

    attempt: int
    stream: str
    start: int
    text: str


class Text:
    """What a task writes, attempt by attempt. ``place``: how far it was given out, to go on there."""

    def __init__(self, attempt: int, known: Mapping[str, int]) -> None:
        self._attempt = attempt
        self._streams = {stream: _Stream(known.get(stream, 0)) for stream in ("out", "err")}

    @property
    def place(self) -> str:
        """Attempt, bytes of ``out``, bytes of ``err``."""
        return "-".join(map(str, (self._attempt, *(stream.at for stream in self._streams.values()))))

    def add(self, attempt: int, stream: str, page: LogPage) -> Iterator[Piece]:
        """What can be given out now. An attempt that another one follows is given out to its end."""
        if attempt != self._attempt:
            yield from self.end()
            self._attempt = attempt
            self._streams = {each: _Stream(0) for each in self._streams}
        for start, text in self._streams[stream].add(page):
            yield Piece(attempt=attempt, stream=stream, start=start, text=text)

    def end(self) -> Iterator[Piece]:
        """What waited for the rest of a character that will not come."""
        for name, stream in self._streams.items():
            for start, text in stream.end():
                yield Piece(attempt=self._attempt, stream=name, start=start, text=text)


class _Stream:
    """``at``: bytes that were given out as text, or passed over."""

    def __init__(self, at: int) -> None:
        self.at = at
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, page: LogPage) -> Iterator[tuple[int, str]]:
        if page.start != self._read:  # the bytes between are not kept, or were passed over
            yield from self.end()
            self.at = page.start
        yield from self._given(self._decoder.decode(page.data), page.start + len(page.data))

    def end(self) -> Iterator[tuple[int, str]]:
        yield from self._given(self._decoder.decode(b"", final=True), self._read)

    @property
    def _waiting(self) -> int:
        return len(self._decoder.getstate()[0])

    @property
    def _read(self) -> int:
        return self.at + self._waiting

    def _given(self, text: str, read: int) -> Iterator[tuple[int, str]]:
        start, self.at = self.at, read - self._waiting
        if text:
            yield start, text
