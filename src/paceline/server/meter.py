"""What the server counts as it goes: by batch, never by task. ``metrics`` shows it.

All of it begins at zero with every start of the server, as counters do.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paceline.metering import BRIEF, Histogram
from paceline.model.records import AttemptsGranted, AttemptsOver, JobKept, JobOver, LogKept, Record, Reported
from paceline.model.task import Outcome


class Meter:
    """See the module. ``ended``: attempts by outcome; ``over``: jobs by final state."""

    __slots__ = (
        "commits",
        "ended",
        "events",
        "granted",
        "output",
        "over",
        "records",
        "reports",
        "steps",
        "submitted",
    )

    def __init__(self) -> None:
        self.steps = Histogram(BRIEF)
        self.commits = Histogram(BRIEF)
        self.events = 0
        self.records = 0
        self.granted = 0
        self.ended: Counter[str] = Counter()
        self.submitted = 0
        self.over: Counter[str] = Counter()
        self.reports = 0
        self.output = 0  # bytes that tasks wrote

    def stepped(self, events: int, seconds: float) -> None:
        """The core decided on so many events."""
        self.events += events
        self.steps.add((seconds,))

    def kept(self, records: Sequence[Record], seconds: float) -> None:
        """So much is durable now, after so long."""
        self.commits.add((seconds,))
        self.records += len(records)
        for record in records:
            count = _COUNTED.get(type(record))
            if count is not None:
                count(self, record)

    def _over(self, record: AttemptsOver) -> None:
        endings = record.endings
        if endings.outcomes:
            self.ended.update(endings.outcomes)
        else:
            self.ended[Outcome.SUCCEEDED] += len(endings.indexes)

    def _granted(self, record: AttemptsGranted) -> None:
        self.granted += len(record.attempts.indexes)

    def _submitted(self, record: JobKept) -> None:
        self.submitted += 1

    def _job_over(self, record: JobOver) -> None:
        self.over[record.state] += 1

    def _reported(self, record: Reported) -> None:
        self.reports += 1

    def _written(self, record: LogKept) -> None:
        self.output += len(record.data)


_COUNTED: Mapping[type[Any], Callable[[Meter, Any], None]] = {
    AttemptsOver: Meter._over,  # noqa: SLF001 - its own
    AttemptsGranted: Meter._granted,  # noqa: SLF001
    JobKept: Meter._submitted,  # noqa: SLF001
    JobOver: Meter._job_over,  # noqa: SLF001
    Reported: Meter._reported,  # noqa: SLF001
    LogKept: Meter._written,  # noqa: SLF001
}
