"""Ends that the server has not settled yet: what must be told again after a broken connection.

An end whose attempt left output is told only once all of that output has been sent, so that whoever sees a task
finished can read everything it wrote.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, repeat

from paceline.agent.memory import Closed, Written, by_job
from paceline.agent.running import Gone
from paceline.executor import Ended
from paceline.model.columns import Endings
from paceline.model.ids import AttemptId, JobId
from paceline.model.task import Outcome

DETAIL_LIMIT = 4096
"""Characters of an end's detail that are passed on."""

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_ALL_WELL = {Outcome.SUCCEEDED.value}


class Ends:
    """See the module."""

    __slots__ = ("_where", "_written", "unsent")

    def __init__(self) -> None:
        self._where: dict[str, tuple[Endings, int]] = {}  # key → its place in a batch
        self._written: dict[str, Written] = {}
        self.unsent: set[str] = set()  # keys with output that was not sent on this link

    def __len__(self) -> int:
        return len(self._where)

    def __contains__(self, key: str) -> bool:
        return key in self._where

    def add(self, closed: Closed, keys: Sequence[str]) -> Sequence[Endings]:
        """Remember; return those that may be told at once."""
        self._where.update(zip(keys, zip(repeat(closed.endings), range(len(keys)), strict=False), strict=True))
        if not closed.written:
            return [closed.endings]
        self._written.update((str(written.attempt), written) for written in closed.written)
        self.unsent.update(self._written.keys() & set(keys))
        return self._batches(key for key in keys if key not in self.unsent)

    def sent(self, keys: Iterable[str]) -> Sequence[Endings]:
        """The output of these has been sent; return their ends."""
        ready = [key for key in keys if key in self.unsent]
        self.unsent.difference_update(ready)
        return self._batches(ready)

    def tellable(self) -> Sequence[Endings]:
        """Everything that waits for nothing but the server's word."""
        return self._batches(key for key in self._where if key not in self.unsent)

    def unlink(self) -> None:
        """What was sent may not have arrived."""
        self.unsent.update(self._written)

    def to_send(self) -> Sequence[Written]:
        """Output that has to be sent first."""
        return [written for key, written in self._written.items() if key in self.unsent]

    def remove(self, keys: Iterable[str]) -> None:
        """Settled or dropped."""
        for key in keys:
            self._where.pop(key, None)
        if self._written:
            for key in keys:
                self._written.pop(key, None)
            self.unsent &= self._written.keys()

    def attempts(self) -> list[AttemptId]:
        """All of them."""
        return [
            AttemptId(endings.job, endings.indexes[position], endings.numbers[position])
            for endings, position in self._where.values()
        ]

    def records(self) -> list[Closed]:
        """All of them, as they are kept."""
        closed = []
        for endings in self._batches(self._where):
            attempts = zip(endings.indexes, endings.numbers, strict=True)
            keys = [f"{endings.job}.{index}#{number}" for index, number in attempts]
            closed.append(Closed(endings=endings, written=[self._written[k] for k in keys if k in self._written]))
        return closed

    def check(self) -> None:
        """What waits for its output is an end with output."""
        assert self._written.keys() <= self._where.keys(), "output of an attempt that has not ended"
        assert self.unsent <= self._written.keys(), "an end waits for output it does not have"

    def _batches(self, keys: Iterable[str]) -> list[Endings]:
        """Their ends, by the batches that they came in."""
        groups: dict[int, tuple[Endings, list[int]]] = {}
        for key in keys:
            endings, position = self._where[key]
            groups.setdefault(id(endings), (endings, []))[1].append(position)
        return [
            endings if len(positions) == len(endings.indexes) else endings.only(positions)
            for endings, positions in groups.values()
        ]


def read_ended(word: Ended, gone: Sequence[Gone]) -> Iterator[tuple[Endings, list[str]]]:
    """How these ended, one value per job, each with its attempts' keys."""
    jobs: dict[JobId, list[Gone]] = {}
    for job, items in groupby(gone, lambda item: item.attempt.job):
        jobs.setdefault(job, []).extend(items)
    for job, found in jobs.items():
        yield _of_job(job, word, found), [item.key for item in found]


def _of_job(job: JobId, word: Ended, gone: Sequence[Gone]) -> Endings:
    positions = [item.position for item in gone]
    well = _ALL_WELL.issuperset(word.outcomes)
    return Endings(
        job=job,
        indexes=[item.attempt.index for item in gone],
        numbers=[item.attempt.number for item in gone],
        outcomes=() if well else [_outcome(word.outcomes[p]) for p in positions],
        codes=[word.codes[p] for p in positions] if any(word.codes) else (),
        details=[word.details[p][:DETAIL_LIMIT] for p in positions] if any(word.details) else (),
        results=[word.blobs[p] for p in positions] if any(word.blobs) else (),
        seconds=[word.seconds[p] for p in positions],
    )


def _outcome(name: str) -> Outcome:
    """An outcome we do not know is from a supervisor of another version: whatever it was, it was no success."""
    return _OUTCOMES.get(name, Outcome.FAILED)


def alike(attempts: Iterable[AttemptId], outcome: Outcome, detail: str) -> list[Endings]:
    """Ends of attempts that never ran, or vanished: the same for all, one value per job."""
    return [
        Endings(
            job=group.job,
            indexes=group.indexes,
            numbers=group.numbers,
            outcomes=[outcome] * len(group.indexes),
            details=[detail] * len(group.indexes),
        )
        for group in by_job(attempts)
    ]
