"""Callers waiting for a change. Told only of what is kept."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from paceline.model.columns import Endings
from paceline.model.ids import AttemptId, JobId
from paceline.model.records import (
    AttemptsGranted,
    AttemptsOver,
    CancelKept,
    CheckpointsDropped,
    JobKept,
    JobOver,
    LogKept,
    Record,
    Reported,
    TasksKept,
)

Heard: TypeAlias = Callable[[Record], None]


class Watch:
    """Callbacks by job and by attempt. They run in the event loop, in the order in which things were kept."""

    def __init__(self) -> None:
        self._jobs: dict[JobId, list[Heard]] = defaultdict(list)
        self._logs: dict[AttemptId, list[asyncio.Event]] = defaultdict(list)
        self._everything: list[Callable[[Sequence[Record]], None]] = []
        self.dropped = asyncio.Event()  # checkpoints were, since somebody last looked

    def kept(self, records: Sequence[Record]) -> None:
        """These are durable now."""
        for all_heard in tuple(self._everything):
            all_heard(records)
        for record in records:
            match record:
                case LogKept(attempt=attempt):
                    for event in self._logs.get(attempt, ()):
                        event.set()
                case AttemptsOver(endings=Endings(job=job)):
                    self._tell(job, record)
                case AttemptsGranted() as granted:
                    self._tell(granted.attempts.job, record)
                case Reported() as reported:
                    self._tell(reported.attempt.job, record)
                case JobOver(job=job) | CancelKept(job=job) | JobKept(job=job) | TasksKept(job=job):
                    self._tell(job, record)
                case CheckpointsDropped():
                    self.dropped.set()
                case _:
                    pass

    def _tell(self, job: JobId, record: Record) -> None:
        for heard in list(self._jobs.get(job, ())):
            heard(record)

    def hear_all(self, heard: Callable[[Sequence[Record]], None]) -> None:
        """Be told of every batch from here on."""
        self._everything.append(heard)

    @contextmanager
    def everything(self, heard: Callable[[Sequence[Record]], None]) -> Iterator[None]:
        """Be told of every batch for as long as the context lasts."""
        self._everything.append(heard)
        try:
            yield
        finally:
            self._everything.remove(heard)

    @contextmanager
    def job(self, job: JobId, heard: Heard) -> Iterator[None]:
        """Hear of everything that is kept of a job, for as long as the context lasts."""
        self._jobs[job].append(heard)
        try:
            yield
        finally:
            self._jobs[job].remove(heard)
            if not self._jobs[job]:
                del self._jobs[job]

    @contextmanager
    def log(self, attempt: AttemptId) -> Iterator[asyncio.Event]:
        """An event that is set whenever more of the attempt's output is kept."""
        event = asyncio.Event()
        self._logs[attempt].append(event)
        try:
            yield event
        finally:
            self._logs[attempt].remove(event)
            if not self._logs[attempt]:
                del self._logs[attempt]
