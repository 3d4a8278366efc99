"""Ends, from the moment they are known until the agent has them safely.

They go out as columns, once per turn of the loop; to a new agent, all that are not settled yet.
"""

from collections.abc import Iterable, Iterator, KeysView, Sequence

from paceline.executor import Ended
from paceline.executors.end import End

BATCH = 8 << 20
"""Bytes of results in one word; its frame must stay well below the limit of frames."""


class Ledger:
    """Unsettled ends, and which of them have not been said on this connection."""

    def __init__(self) -> None:
        self._unsettled: dict[str, End] = {}
        self._unsaid: list[End] = []

    def __len__(self) -> int:
        return len(self._unsettled)

    def keys(self) -> KeysView[str]:
        """Of all unsettled ends, as they are at any moment."""
        return self._unsettled.keys()

    def enter(self, ends: Sequence[End]) -> None:
        """Attempts ended."""
        self._unsaid += ends
        for end in ends:
            self._unsettled[end.key] = end

    def settle(self, keys: Iterable[str]) -> None:
        """The agent has them."""
        for key in keys:
            self._unsettled.pop(key, None)

    def say_again(self, keys: Iterable[str] | None = None) -> None:
        """These (or all) are news once more: somebody asked, or there is a new agent."""
        if keys is None:
            self._unsaid = [*self._unsettled.values()]
        else:
            news = set(self.unsaid())
            self._unsaid += [self._unsettled[key] for key in keys if key not in news]

    def unsaid(self) -> list[str]:
        """Keys of what will be said next."""
        return [end.key for end in self._unsaid]

    def words(self) -> Iterator[Ended]:
        """All that was not said yet; it is said now."""
        ends, self._unsaid = self._unsaid, []
        for batch in _batches(ends):
            yield _ended(batch)


def _batches(ends: Sequence[End]) -> Iterator[Sequence[End]]:
    first = size = 0
    for position, end in enumerate(ends):
        if size and size + len(end.result) > BATCH:
            yield ends[first:position]
            first, size = position, 0
        size += len(end.result)
    if ends:
        yield ends[first:]


def _ended(ends: Sequence[End]) -> Ended:
    keys, outcomes, codes, details, seconds, out_ends, err_ends, results = zip(*ends, strict=True)
    return Ended(
        keys=keys,
        outcomes=outcomes,
        codes=codes,
        details=details,
        seconds=seconds,
        out_ends=out_ends,
        err_ends=err_ends,
        blobs=results,
    )
