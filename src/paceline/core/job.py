"""A job that is not over, and an attempt at one of its tasks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from paceline.core.indexes import Indexes
from paceline.core.payloads import Payloads
from paceline.core.queue import ResourceClass, rank
from paceline.core.retry import Tries
from paceline.model.columns import Attempts
from paceline.model.ids import AttemptId, JobId
from paceline.model.job import JobSpec
from paceline.model.records import CancelKept, JobKept
from paceline.model.resources import Need
from paceline.model.task import FINAL_STATES, TaskState

if TYPE_CHECKING:
    from paceline.core.worker import Worker


class Attempt:
    """A try of a task that a worker holds."""

    __slots__ = ("devices", "granted_at", "index", "job", "need", "number", "started", "stopping", "worker")

    def __init__(self, job: "Job", index: int, number: int, worker: "Worker", need: Need, granted_at: float) -> None:
        self.job = job
        self.index = index
        self.number = number
        self.worker = worker
        self.need = need
        self.granted_at = granted_at
        self.devices: tuple[int, ...] = ()
        self.started = False
        self.stopping = False

    @property
    def id(self) -> AttemptId:
        return AttemptId(self.job.id, self.index, self.number)


class Job:
    """A job that is not over. Each of its tasks stands in one place: waiting, backing off, live, or counted."""

    __slots__ = (
        "backing_off",
        "blockers",
        "busy",
        "cancels",
        "counts",
        "dependents",
        "held_until",
        "id",
        "key",
        "kept",
        "live",
        "open",
        "payloads",
        "queue",
        "rank",
        "spec",
        "total",
        "tries",
        "waiting",
    )

    def __init__(self, kept: JobKept, queue: ResourceClass) -> None:
        self.kept = kept
        self.id = kept.job
        self.spec: JobSpec = kept.spec
        self.queue = queue
        self.rank = rank(kept.spec, kept.at)
        self.key = 0.0
        self.busy = 0  # thousandths of processors its attempts occupy
        self.open = kept.spec.open
        self.total = 0
        self.waiting = Indexes()
        self.backing_off: dict[int, float] = {}  # index → when it may go on
        self.live: dict[int, Attempt] = {}
        self.tries: dict[int, Tries] = {}
        self.payloads = Payloads()
        self.counts: dict[TaskState, int] = dict.fromkeys(FINAL_STATES, 0)
        self.cancels: list[CancelKept] = []
        self.blockers: set[JobId] = set()  # jobs that must succeed first
        self.dependents: set[JobId] = set()
        self.held_until = kept.spec.not_before

    def ready(self) -> bool:
        """Whether one more of its tasks could start now, as far as the job is concerned."""
        limit = self.spec.limit
        return (
            self.waiting.count > 0 and not self.blockers and not self.held_until and not (0 < limit <= len(self.live))
        )

    def room(self) -> int:
        """How many of its waiting tasks may start now."""
        limit = self.spec.limit
        return min(self.waiting.count, limit - len(self.live)) if limit else self.waiting.count

    def over(self) -> bool:
        """Whether every task it will ever have is. One without any waits for the jobs before it like every other."""
        done = not self.open and sum(self.counts.values()) == self.total
        return done and bool(self.total or self.cancels or not self.blockers)

    def final_state(self) -> TaskState:
        """In which it stays, now that it is over: the worst of its tasks'. One without any may be cancelled too."""
        if self.counts[TaskState.FAILED]:
            return TaskState.FAILED
        withdrawn = self.counts[TaskState.CANCELLED] or (self.cancels and not self.total)
        return TaskState.CANCELLED if withdrawn else TaskState.SUCCEEDED

    def forget(self, indexes: Sequence[int]) -> None:
        """What is known of tasks beyond where they stand is needed no more."""
        self.payloads.forget(indexes)
        if self.tries:
            for index in indexes:
                self.tries.pop(index, None)

    def next_number(self, index: int) -> int:
        """A number for another attempt of the task, never given out before."""
        tries = self.tries.get(index)
        if tries is None:
            return 1
        tries.number += 1
        return tries.number

    def tries_of(self, attempt: Attempt) -> Tries:
        """What the attempt's task has used up, counted from now on if it was not yet."""
        tries = self.tries.get(attempt.index)
        if tries is None:
            tries = self.tries[attempt.index] = Tries()
        tries.number = max(tries.number, attempt.number)
        return tries

    def requeue(self, index: int) -> None:
        """A task waits again, ahead of the others."""
        self.waiting.put_back(index)

    def finish(self, indexes: Sequence[int], state: TaskState) -> None:
        """Tasks are over."""
        self.counts[state] += len(indexes)
        self.forget(indexes)


def columns(job: JobId, attempts: Sequence[Attempt]) -> Attempts:
    """Attempts of one job as columns."""
    return Attempts(job=job, indexes=[a.index for a in attempts], numbers=[a.number for a in attempts])
