"""Which tasks of a job wait: ranges, so that a million of them cost as much as one.

Python's ``range`` already is the value we need: slicing one is O(1) and yields a range.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from paceline.model.job import Range


def spans(ranges: Sequence[Range]) -> list[range]:
    """As Python ranges, empty ones left out."""
    return [span for r in ranges if (span := range(r.start, r.stop, r.step))]


def covers(ranges: Sequence[Range], index: int) -> bool:
    """Whether any of the ranges holds the index. No ranges at all means every index."""
    return not ranges or any(index in span for span in spans(ranges))


class Indexes:
    """An ordered collection of indexes that is taken from the front."""

    __slots__ = ("_spans", "count")

    def __init__(self, initial: Iterable[range] = ()) -> None:
        self._spans: deque[range] = deque()
        self.count = 0
        for span in initial:
            self.append(span)

    def append(self, span: range) -> None:
        """To the end."""
        self._spans.append(span)
        self.count += len(span)

    def put_back(self, index: int) -> None:
        """To the front: it has waited already."""
        self._spans.appendleft(range(index, index + 1))
        self.count += 1

    def take(self, most: int) -> list[int]:
        """At most so many, from the front, gone from here."""
        taken: list[int] = []
        while self._spans and len(taken) < most:
            span = self._spans.popleft()
            room = most - len(taken)
            taken.extend(span[:room])
            if len(span) > room:
                self._spans.appendleft(span[room:])
        self.count -= len(taken)
        return taken

    def remove(self, unwanted: Sequence[Range]) -> list[range]:
        """Take out every index that the ranges cover (none: all); returns what was taken out."""
        gone: list[range] = []
        kept: list[range] = []
        for span in self._spans:
            _split(span, unwanted, kept, gone)
        self._spans = deque(kept)
        self.count = sum(map(len, kept))
        return gone

    def discard(self, taken: Sequence[int]) -> None:
        """Take out these indexes; at a cost of what is taken, not of what stays."""
        kept: list[range] = []
        for span in self._spans:
            inside = sorted(span.index(index) for index in taken if index in span)
            start = 0
            for position in inside:
                if position > start:
                    kept.append(span[start:position])
                start = position + 1
            if start < len(span):
                kept.append(span[start:])
        self._spans = deque(kept)
        self.count = sum(map(len, kept))

    def __iter__(self) -> Iterator[int]:
        for span in self._spans:
            yield from span

    def __contains__(self, index: object) -> bool:
        return any(index in span for span in self._spans)


def _split(span: range, unwanted: Sequence[Range], kept: list[range], gone: list[range]) -> None:
    """Sort one span's indexes into kept and gone, run by run."""
    if not unwanted:
        gone.append(span)
        return
    cuts = spans(unwanted)
    start = 0
    inside = any(span[0] in cut for cut in cuts)
    for position in range(1, len(span) + 1):
        now_inside = position < len(span) and any(span[position] in cut for cut in cuts)
        if position == len(span) or now_inside != inside:
            (gone if inside else kept).append(span[start:position])
            start, inside = position, now_inside
