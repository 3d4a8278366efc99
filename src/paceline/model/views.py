"""What people and programs are shown: flat, complete, the same in CLI ``--json``, SDK and REST."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paceline.model.worker import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job and how far it is. ``state``: BLOCKED WAITING RUNNING STOPPING, or SUCCEEDED FAILED CANCELLED."""

    job: int
    name: str
    kind: str
    state: str
    total: int
    waiting: int  # not with a worker: blocked, waiting, backing off
    running: int  # with a worker
    succeeded: int
    failed: int
    cancelled: int
    submitted_at: float
    ended_at: float = 0.0
    array: str = ""  # "0-99%8"; empty for a job of one task
    priority: int = 0
    after: Sequence[int] = ()
    open: bool = False
    owner: str = ""
    experiment: str = ""
    reason: str = ""  # why cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A task and its latest attempt. ``attempt`` 0: it has had none."""

    job: int
    index: int
    state: str
    attempt: int = 0
    worker: str = ""
    outcome: str = ""
    code: int = 0
    detail: str = ""
    granted_at: float = 0.0
    ended_at: float = 0.0
    seconds: float = 0.0
    retry_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A worker, what it has, and what of that is taken."""

    worker: int
    name: str
    state: str
    machine: Machine
    seen_at: float
    running: int  # attempts it holds
    cpu_free: int
    memory_free: int
    gpus_free: int  # milli
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A good credential. Its text is nowhere any more."""

    id: str  # as the event log calls it
    role: str  # admin read join login worker
    name: str
    at: float  # when it was made
    expires_at: float = 0.0  # 0: never
    worker: int = 0  # whose key it is
    by: str = ""  # whose credential made it; empty: it is the one in the server's own file


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointView:
    """A checkpoint from which a later attempt of its task may go on."""

    job: int
    index: int
    attempt: int  # which made it
    step: int
    metric: float | None = None
    files: int = 0
    bytes: int = 0  # of all files together


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One progress report of one attempt."""

    job: int
    index: int
    attempt: int
    step: int
    values: str  # JSON object
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason why a task does not run. ``code`` is one of ``core/explain.py``'s closed set."""

    code: str
    text: str  # the sentence, ready to read
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that keeps a task from running, and the smallest change that would let it."""

    job: int
    index: int
    state: str
    causes: Sequence[Cause]
    nearest: str = ""  # "gpu-3 lacks 6 GiB of memory"
    change: str = ""  # "ask for memory: 10GiB"


EVENT_KINDS = (
    *("job_kept", "tasks_kept", "job_shut", "job_over", "cancel_kept", "attempts_granted", "attempts_over"),
    *("checkpoint_kept", "checkpoints_dropped", "worker_kept", "token_kept", "token_spent", "model_changed"),
)
"""All that a line of the event log may tell of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One line of the event log. ``body`` says ``by`` whom, where somebody did it."""

    seq: int
    at: float
    kind: str
    subject: str
    body: str  # JSON object


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Some bytes of an attempt's output. ``start`` may be past what was asked: the bytes between were shed."""

    start: int
    data: bytes
    size: int  # bytes the attempt has written so far, as known here


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """What one task of an array was made from: JSON or a line of text for most kinds, a pickle for a function."""

    index: int
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """How one task ended, with its result."""

    index: int
    number: int
    outcome: str
    code: int
    detail: str
    result: bytes
    seconds: float
