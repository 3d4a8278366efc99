"""What a user submits."""

from dataclasses import dataclass

from paceline.model.bounds import require
from paceline.model.ids import JobId
from paceline.model.resources import Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a worker is told to run. The core never looks inside."""

    kind: str  # a name in the kind table: "command", "function", "train" …
    body: bytes  # JSON of the kind's parameters; for "function" the msgpack of how to load it
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""  # empty: a fresh scratch directory
    timeout: float = 0.0  # seconds an attempt may run; 0 for no limit
    grace: float = 10.0  # seconds between TERM and KILL

    def __post_init__(self) -> None:
        require(0, timeout=self.timeout, grace=self.grace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Indexes ``start, start+step, … < stop``. A million of them cost as much as one."""

    start: int
    stop: int
    step: int = 1

    def __post_init__(self) -> None:
        require(0, start=self.start)
        require(1, step=self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """When another attempt follows. A user's own failure is not retried unless asked; a lost machine is."""

    failures: int = 0  # further attempts after FAILED, OOM or TIMEOUT
    losses: int = 3  # further attempts after outcomes that were not the task's fault
    codes: tuple[int, ...] = (75,)  # exit codes that ask to be requeued, free of charge (75: EX_TEMPFAIL)
    base: float = 1.0  # seconds before the first further attempt; doubles, with jitter
    cap: float = 300.0  # seconds, at most

    def __post_init__(self) -> None:
        require(0, failures=self.failures, losses=self.losses, base=self.base, cap=self.cap)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One job: the same thing to run for every index of its ranges."""

    name: str
    run: Spec
    ranges: tuple[Range, ...] = (Range(start=0, stop=1),)
    needs: tuple[Need, ...] = (Need(),)  # alternatives, best first
    priority: int = 0
    deadline: float = 0.0  # seconds since 1970; 0 for none
    not_before: float = 0.0  # seconds since 1970
    limit: int = 0  # tasks of this job that may run at once; 0 for no limit (``1-100%8``)
    after: tuple[JobId, ...] = ()  # jobs that must succeed first
    after_names: tuple[str, ...] = ()  # the same, by name, within one submission
    retry: Retry = Retry()
    open: bool = False  # tasks may still be appended (an Executor's job)
    experiment: str = ""
    owner: str = ""

    def __post_init__(self) -> None:
        require(0, deadline=self.deadline, not_before=self.not_before, limit=self.limit)
