"""The hand: attempts granted and not yet begun, in the order of their arrival.

Kept as columns, a batch per grant, because most tasks only pass through: they come by the hundred and leave by the
frame. Order is strict: what arrived later waits, however small it is.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice

from paceline.agent.frames import Shape
from paceline.model.ids import AttemptId

FRAME_BYTES = 4 << 20
"""Bytes of payload that travel in one frame, unless a single one is larger."""


@dataclass(slots=True, kw_only=True)
class Batch:
    """Attempts of one shape that came together. Empty ``payloads``: they take none."""

    shape: Shape
    arrived: float
    keys: Sequence[str]
    attempts: Sequence[AttemptId]
    payloads: Sequence[bytes] = ()
    taken: int = 0  # so many of the front are gone

    def __len__(self) -> int:
        return len(self.keys) - self.taken

    def take(self, count: int) -> "Batch":
        """The next ``count``, or fewer: as many as there are and as their payloads leave room for."""
        start, stop = self.taken, self.taken + count
        while stop - start > 1 and sum(map(len, self.payloads[start:stop])) > FRAME_BYTES:
            stop = start + (stop - start) // 2
        part = self._part(slice(start, stop))
        self.taken += len(part.keys)
        return part

    def without(self, keys: AbstractSet[str]) -> "Batch":
        """What remains, less these."""
        left = [position for position in range(self.taken, len(self.keys)) if self.keys[position] not in keys]
        return Batch(
            shape=self.shape,
            arrived=self.arrived,
            keys=[self.keys[p] for p in left],
            attempts=[self.attempts[p] for p in left],
            payloads=[self.payloads[p] for p in left] if self.payloads else (),
        )

    def items(self) -> Iterator[tuple[str, AttemptId]]:
        """What remains."""
        return islice(zip(self.keys, self.attempts, strict=True), self.taken, None)

    def _part(self, which: slice) -> "Batch":
        return Batch(
            shape=self.shape,
            arrived=self.arrived,
            keys=self.keys[which],
            attempts=self.attempts[which],
            payloads=self.payloads[which] if self.payloads else (),
        )


class Hand:
    """See the module."""

    __slots__ = ("_batches", "keys")

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self._batches: deque[Batch] = deque()

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, batch: Batch) -> None:
        """At the end."""
        if batch.keys:
            self.keys.update(batch.keys)
            self._batches.append(batch)

    def put_back(self, batch: Batch) -> None:
        """In front: it had been taken, and did not begin."""
        if batch.keys:
            self.keys.update(batch.keys)
            self._batches.appendleft(batch)

    def head(self) -> Batch:
        """What is next. Raises IndexError on an empty hand."""
        return self._batches[0]

    def take(self, count: int) -> Batch:
        """Take so many of the head's batch, or fewer."""
        batch = self._batches[0].take(count)
        self.keys.difference_update(batch.keys)
        if not len(self._batches[0]):
            self._batches.popleft()
        return batch

    def remove(self, keys: AbstractSet[str]) -> list[AttemptId]:
        """Take these out, wherever they are."""
        gone = [a for batch in self._batches for k, a in batch.items() if k in keys]
        kept = [batch.without(keys) for batch in self._batches]
        self._batches = deque(batch for batch in kept if batch.keys)
        self.keys -= keys
        return gone

    def take_arrived(self, until: float) -> list[AttemptId]:
        """Take everything that arrived no later than this."""
        taken: list[AttemptId] = []
        for batch in [batch for batch in self._batches if batch.arrived <= until]:
            taken.extend(attempt for _, attempt in batch.items())
        self.keys.difference_update(str(attempt) for attempt in taken)
        self._batches = deque(batch for batch in self._batches if batch.arrived > until)
        return taken

    def attempts(self) -> Iterator[AttemptId]:
        """All, in order."""
        for batch in self._batches:
            yield from (attempt for _, attempt in batch.items())

    def check(self) -> None:
        """The key set is what the batches hold."""
        listed = [key for batch in self._batches for key in batch.keys[batch.taken :]]
        assert len(listed) == len(set(listed)), "an attempt is in the hand twice"
        assert set(listed) == self.keys, "the hand's keys are not those of its batches"
        assert all(self._batches), "an empty batch"
