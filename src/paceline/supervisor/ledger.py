"""Ends, from the moment they are known until the agent has them safely.

They go out as columns, once per turn of the loop; to a new agent, all that are not settled yet. The one before it may
have died with the word that they began, so before each that left output this is said again: where that lies.
"""

from collections.abc import Iterable, Iterator, KeysView, Sequence

from paceline.executor import Began, Ended
from paceline.executors.end import End

BATCH = 8 << 20
"""Bytes of results in one word; its frame must stay well below the limit of frames."""


class Ledger:
    """Unsettled ends, and which of them have not been said on this connection."""

    def __init__(self) -> None:
        self._unsettled: dict[str, End] = {}
        self._unsaid: list[End] = []
        self._again: list[End] = []  # those that were said, perhaps in vain; none of them is newer than any unsaid one

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
        """Of these (or all) what is here is news once more: somebody asked, or there is a new agent."""
        if keys is None:
            self._again, self._unsaid = [*self._unsettled.values()], []
        else:
            news = set(self.unsaid())
            self._again += [self._unsettled[key] for key in keys if key in self._unsettled and key not in news]

    def unsaid(self) -> list[str]:
        """Keys of what will be said next."""
        return [end.key for end in (*self._again, *self._unsaid)]

    def words(self) -> Iterator[Began | Ended]:
        """All that was not said yet; it is said now."""
        again, self._again = self._again, []
        news, self._unsaid = self._unsaid, []
        yield from _retold(again)
        yield from map(_ended, _batches(news))


def _retold(ends: Sequence[End]) -> Iterator[Began | Ended]:
    """The attempts of a process wrote one after the other, so no beginning may overtake an end before it."""
    alike: list[End] = []
    for end in ends:
        if end.began:
            yield from map(_ended, _batches(alike))
            yield from end.began
            alike = []
        alike.append(end)
    yield from map(_ended, _batches(alike))


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
    keys, outcomes, codes, details, seconds, out_ends, err_ends, results, _ = zip(*ends, strict=True)
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
