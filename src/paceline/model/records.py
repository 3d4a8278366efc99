"""What is kept. Rows are the truth: a store applies these, in order, all of a batch or none, and can give them back.

A task has no row of its own. It exists because its job's ranges say so; what happened to it is the rows of its
attempts; and a task that no attempt row ends is over if a cancel covers it. A million waiting tasks thus cost one row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from paceline.model.checkpoint import Checkpoint
from paceline.model.columns import Attempts, Endings
from paceline.model.ids import AttemptId, JobId, WorkerId
from paceline.model.job import JobSpec, Range
from paceline.model.task import Outcome, TaskState
from paceline.model.worker import Machine, WorkerState


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKept:
    """A job was accepted."""

    job: JobId
    spec: JobSpec
    at: float
    token: str = ""
    digest: str = ""
    by: str = ""  # the credential it was submitted with; whose it is says the spec


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksKept:
    """Payloads of tasks ``first, first+1, …``. For an open job they also make those tasks exist."""

    job: JobId
    first: int
    payloads: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobShut:
    """An open job was closed: these are all its tasks."""

    job: JobId
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOver:
    """Every task of the job is over."""

    job: JobId
    at: float
    state: TaskState
    counts: Mapping[str, int]  # final TaskState → tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelKept:
    """These tasks are no longer wanted (empty ranges: all). ``outcome``: CANCELLED or DEPENDENCY."""

    job: JobId
    ranges: Sequence[Range]
    outcome: Outcome
    by: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsGranted:
    """Attempts exist from here on, and belong to a worker."""

    worker: WorkerId
    attempts: Attempts
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsOver:
    """Attempts ended. ``retry_at`` per attempt: when the next one may start; 0 where this end is the task's."""

    worker: WorkerId
    endings: Endings
    at: float
    retry_at: Sequence[float] = ()  # empty: all final


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A running attempt's progress. The same step again replaces."""

    attempt: AttemptId
    step: int
    values: str  # JSON object
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointKept:
    """A checkpoint of a running attempt: the newest of its task. The same attempt's of the same step goes."""

    checkpoint: Checkpoint
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointsDropped:
    """Checkpoints that are not needed any more: of these attempts, at these steps."""

    attempts: Attempts
    steps: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKept:
    """Bytes of an attempt's output, from ``offset`` on. ``stream``: "out" or "err"."""

    attempt: AttemptId
    stream: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerKept:
    """A worker as it last introduced itself, or as it stands now."""

    worker: WorkerId
    name: str
    state: WorkerState
    machine: Machine
    at: float
    reason: str = ""
    by: str = ""  # who wanted it so; empty: it, or we, found it so


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKept:
    """A credential, by the SHA-256 of its text. ``role``: "admin", "read", "join", "login" or "worker"."""

    digest: str
    role: str
    name: str
    at: float
    expires_at: float = 0.0  # 0: never
    worker: WorkerId = WorkerId(0)  # of a worker's key
    by: str = ""  # whose credential made it; empty: nobody's, it is the one in the server's own file


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpent:
    """A credential is no longer good: used up, or revoked."""

    digest: str
    at: float
    by: str = ""
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChanged:
    """The catalogue was changed; it has the model, this says who did what. ``change``: "published", "renamed",
    "tagged" or "removed"; ``to``: the new name, or the tags that came (+) and went (-)."""

    key: str
    name: str
    change: str
    by: str
    at: float
    to: str = ""


Record: TypeAlias = (
    JobKept
    | TasksKept
    | JobShut
    | JobOver
    | CancelKept
    | AttemptsGranted
    | AttemptsOver
    | Reported
    | CheckpointKept
    | CheckpointsDropped
    | LogKept
    | WorkerKept
    | TokenKept
    | TokenSpent
    | ModelChanged
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """What a store tells of one attempt at start. Empty ``outcome``: it is not over."""

    index: int
    number: int
    worker: WorkerId
    granted_at: float
    outcome: str = ""
    retry_at: float = 0.0  # of an ended one; 0: it was the task's last


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveJob:
    """A job that is not over, with all that is needed to go on with it."""

    kept: JobKept
    appended: int  # tasks that exist of an open job
    shut: bool  # no more will be appended
    payloads: Mapping[int, bytes]  # of tasks that are not over
    attempts: Sequence[AttemptRow]  # in order of index, number
    cancels: Sequence[CancelKept]
    checkpoints: Sequence[Checkpoint] = ()  # of all its tasks, in the order they were kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a server needs to go on where the last one stopped."""

    epoch: int  # this server's term: every keep carries it
    now: float  # latest time that was ever kept: the clock must not run behind it
    next_job: int
    jobs: Sequence[LiveJob]
    workers: Sequence[WorkerKept]
    tokens: Sequence[TokenKept]  # good ones
