"""Everything that can happen to the core: a closed union, matched exhaustively in ``core/scheduler.py``.

Time is not an event: it is the second argument of ``step``. Leases, back-offs and start times pass by themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from paceline.model.checkpoint import Checkpoint, Retention
from paceline.model.columns import Attempts, Endings
from paceline.model.ids import AttemptId, Incarnation, JobId, WorkerId
from paceline.model.job import JobSpec, Range
from paceline.model.worker import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSubmitted:
    """Some jobs, accepted together or not at all. Their names may refer to each other in ``after_names``."""

    specs: Sequence[JobSpec]
    token: str = ""  # chosen by the client: the same token and digest is the same submission
    digest: str = ""  # of the specs
    payloads: Sequence[Sequence[bytes]] = ()  # per job, one per index; empty where tasks take none
    by: str = ""  # whose credential they came with
    ended: Mapping[JobId, bool] = field(default_factory=dict)  # jobs named in ``after`` that the store knows as over
    known: Sequence[JobId] = ()  # what the store knows under this token


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksAppended:
    """Further tasks of an open job, from index ``first`` on. A repeat is recognised by its ``first``."""

    job: JobId
    first: int
    payloads: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClosed:
    """No more tasks will be appended."""

    job: JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """Somebody no longer wants these tasks. Empty ranges: the whole job."""

    job: JobId
    ranges: Sequence[Range] = ()
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerJoined:
    """An agent connected (again) and says all it holds: running, waiting in its hand, or ended and not yet settled."""

    worker: WorkerId
    name: str
    incarnation: Incarnation
    machine: Machine
    held: Sequence[Attempts] = ()
    link: int = 0  # number of the connection, which the welcome repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerBeat:
    """The agent is alive."""

    worker: WorkerId
    incarnation: Incarnation


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLost:
    """The connection to an agent broke. Its lease runs on. The loss of one that was replaced says nothing."""

    worker: WorkerId
    incarnation: Incarnation
    link: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainAsked:
    """A worker shall finish what it runs and get nothing new; ``resume`` takes that back."""

    worker: WorkerId
    resume: bool = False
    now: bool = False  # it shall not finish: what it runs is interrupted, and goes on elsewhere
    own: bool = False  # the worker's own wish, which takes nothing back that an operator asked for
    reason: str = ""  # of its own
    by: str = ""  # which operator


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLeft:
    """The agent said goodbye; it holds nothing any more."""

    worker: WorkerId
    incarnation: Incarnation


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsStarted:
    """A worker began to run these. Told for the eyes of people: nothing is decided by it, nothing kept."""

    worker: WorkerId
    attempts: Attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsEnded:
    """A worker reports ends. Those whose number is no longer current are stale: answered, and dropped."""

    worker: WorkerId
    endings: Endings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCame:
    """A running attempt says how far it is: a step and its values (JSON)."""

    worker: WorkerId
    attempt: AttemptId
    step: int
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointCame:
    """A running attempt left a checkpoint; its files are here. A stale attempt's is refused."""

    worker: WorkerId
    checkpoint: Checkpoint
    retention: Retention


WorkerEvent: TypeAlias = WorkerJoined | WorkerBeat | LinkLost | DrainAsked | WorkerLeft
TaskEvent: TypeAlias = (
    JobsSubmitted
    | TasksAppended
    | JobClosed
    | CancelAsked
    | AttemptsStarted
    | AttemptsEnded
    | ReportCame
    | CheckpointCame
)
Event: TypeAlias = WorkerEvent | TaskEvent
