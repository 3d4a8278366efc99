"""Which tasks of a job wait: ranges, so that a million of them cost as much as one.

Python's ``range`` already is the value we need: slicing one is O(1) and yields a range.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from math import gcd

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
        """Take out every index that the ranges cover (none: all); returns what was taken out.

        Costs what spans there are, not what indexes: nobody waits while part of a million is cancelled.
        """
        gone: list[range] = []
        cuts = spans(unwanted)
        kept = [part for span in self._spans for part in _split(span, cuts, gone)] if unwanted else []
        if not unwanted:
            gone = list(self._spans)
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


def _split(span: range, cuts: Sequence[range], gone: list[range]) -> list[range]:
    """What is left of a span; what is cut out is added to ``gone``."""
    left = [span]
    for cut in cuts:
        left = [part for piece in left for part in _cut(piece, cut, gone) if part]
    return left


def _cut(span: range, cut: range, gone: list[range]) -> Iterator[range]:
    hit = positions(span, cut)
    if not hit:
        yield span
        return
    gone.append(span[hit.start : hit.stop : hit.step])
    yield span[: hit.start]
    if hit.step <= len(hit):  # what is between them: as strides or as runs, whichever are fewer
        yield from (span[hit.start + offset : hit[-1] : hit.step] for offset in range(1, hit.step))
    else:
        yield from (span[position + 1 : position + hit.step] for position in hit[:-1])
    yield span[hit[-1] + 1 :]


def positions(span: range, other: range) -> range:
    """Where in ``span`` the indexes stand that ``other`` also holds: a progression again. Both count upwards."""
    common = gcd(span.step, other.step)
    offset, rest = divmod(other.start - span.start, common)
    if rest:
        return range(0)
    period = other.step // common
    first = max(0, -((span.start - other.start) // span.step))
    first += (offset * pow(span.step // common, -1, period) - first) % period
    return range(first, min(len(span), -((span.start - other.stop) // span.step)), period)
