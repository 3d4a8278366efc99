"""What the tasks of a job take: as it came while it is about to be needed, a thousand in one piece while they wait.

A small value costs several times what is in it: an object, a number to find it by, a place in a table. And where a
million of them were, something else has settled here and there when they are gone, so that hardly any of that memory
can go back to the system. Pieces cost little more than what is in them, and go back whole.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise

PIECE = 1024
"""Tasks whose payloads make up one."""
LARGE = 512
"""Bytes of a payload, on average, from which on little is saved."""


class Payloads(Mapping[int, bytes]):
    """By index. A piece is made when the last of its tasks has come, if all of them still wait then; when the first of
    them is handed out, or is over, it is taken apart.
    """

    __slots__ = ("_loose", "_pieces")

    def __init__(self) -> None:
        self._loose: dict[int, bytes] = {}
        self._pieces: dict[int, tuple[bytes, array[int]]] = {}  # index // PIECE → end to end; where each begins

    def add(self, indexes: range, payloads: Sequence[bytes]) -> None:
        """Those of further tasks, which follow each other: one for each. Raises ValueError if it is not."""
        self._loose.update(zip(indexes, payloads, strict=True))
        for number in range(indexes.start // PIECE, indexes.stop // PIECE):
            self._join(number)

    def take(self, indexes: Sequence[int]) -> list[bytes]:
        """Those of tasks that are handed out. They stay, for another attempt."""
        self._part(indexes)
        loose = self._loose
        return [loose[index] for index in indexes]

    def forget(self, indexes: Sequence[int]) -> None:
        """These tasks are over, whether or not there was anything that they took."""
        self._part(indexes)
        loose = self._loose
        if loose:
            for index in indexes:
                loose.pop(index, None)

    def __getitem__(self, index: int) -> bytes:
        piece = self._pieces.get(index // PIECE)
        if piece is None:
            return self._loose[index]
        whole, bounds = piece
        start, end = bounds[index % PIECE : index % PIECE + 2]
        return whole[start:end]

    def __len__(self) -> int:
        return len(self._loose) + PIECE * len(self._pieces)

    def __iter__(self) -> Iterator[int]:
        return chain(self._loose, *map(_span, self._pieces))

    def _join(self, number: int) -> None:
        """Make a piece, if they are all there."""
        loose, span = self._loose, _span(number)
        if all(map(loose.__contains__, span)):
            payloads = [loose[index] for index in span]
            bounds = array("Q", accumulate(map(len, payloads), initial=0))
            if bounds[-1] < LARGE * PIECE:
                self._pieces[number] = b"".join(payloads), bounds
                for index in span:
                    del loose[index]

    def _part(self, indexes: Sequence[int]) -> None:
        """Take the pieces apart that these are in."""
        for number in {index // PIECE for index in indexes} & self._pieces.keys() if self._pieces else ():
            whole, bounds = self._pieces.pop(number)
            self._loose.update(zip(_span(number), [whole[start:end] for start, end in pairwise(bounds)], strict=True))


def _span(number: int) -> range:
    return range(number * PIECE, (number + 1) * PIECE)
