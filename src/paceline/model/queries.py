"""Questions that a store answers. Each names the type of its answer; none of them decides anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypedDict, TypeVar

from paceline.model.ids import AttemptId, JobId, TaskId
from paceline.model.records import CancelKept, JobKept
from paceline.model.views import EntryRow, EventView, LogPage, ReportView, ResultRow, TaskView

A = TypeVar("A", covariant=True)


class Query(Generic[A]):
    """A question with an answer of type ``A``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job as kept."""

    kept: JobKept
    count: int  # tasks it has
    cancels: Sequence[CancelKept]
    ended_at: float = 0.0  # 0: not over
    state: str = ""  # of an ended one
    counts: Mapping[str, int] | None = None  # of an ended one


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs(Query[Sequence[JobRow]]):
    """Jobs, newest first. ``ids`` narrows to those; ``before`` pages on; ``name`` matches exactly."""

    ids: Sequence[JobId] = ()
    before: int = 0  # 0: from the newest
    name: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Query[Sequence[tuple[JobId, str]]]):
    """Jobs made under a submit token, each with the digest, in order."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestAttempts(Query[Sequence[TaskView]]):
    """The latest attempt of each task that had one, by index, above ``after``. ``state`` is the outcome's, or
    ASSIGNED while it is not over, or BACKOFF. ``worker`` is the worker's name."""

    job: JobId
    after: int = -1
    limit: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAttempts(Query[Sequence[TaskView]]):
    """All attempts of one task, oldest first."""

    task: TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class Results(Query[Sequence[ResultRow]]):
    """Final ends of a job's tasks, by index, above ``after``. A page ends early where its results are large; an empty
    one says that there are no more."""

    job: JobId
    after: int = -1
    limit: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries(Query[Sequence[EntryRow]]):
    """What a job's tasks were made from, by index, above ``after``; nothing for tasks that take nothing. A page ends
    early where they are large; an empty one says that there are no more."""

    job: JobId
    after: int = -1
    limit: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Log(Query[LogPage]):
    """Output of an attempt from ``offset`` on, at most ``limit`` bytes."""

    attempt: AttemptId
    stream: str
    offset: int = 0
    limit: int = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports(Query[Sequence[ReportView]]):
    """Progress reports of a job in the order they came. ``index`` below 0: of all its tasks."""

    job: JobId
    index: int = -1
    limit: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsFrom(Query[Sequence[tuple[int, ReportView]]]):
    """The same above ``after``, oldest first, each with its number. A step that is said again comes again, under a
    number of its own; the one before is gone. An empty page says that there are no more."""

    job: JobId
    index: int = -1
    after: int = 0
    limit: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Events(Query[Sequence[EventView]]):
    """The event log above ``after``, oldest first; with ``newest``, the last ``limit`` lines of it. A page ends early
    where its lines are long; an empty one says that there are no more."""

    after: int = 0
    limit: int = 1000
    kinds: Sequence[str] = ()  # empty: all; those that there are: ``views.EVENT_KINDS``
    subject: str = ""  # number of a job, name of a worker, …; empty: any
    since: float = 0.0  # seconds since 1970
    newest: bool = False


class EventsAsked(TypedDict, total=False):
    """The same as keywords."""

    after: int
    limit: int
    kinds: Sequence[str]
    subject: str
    since: float
    newest: bool
