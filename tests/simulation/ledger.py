"""What must be true of everything that was ever kept, worked out from the records alone and not by the core's code.

Each record is held against all before it: I2 one final end a task, I3 and I5 numbers that only grow, I4 one attempt out
at a time, I7 limits, I8 nothing before what it comes after, and no grant before its time or after its cancel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from paceline.model.columns import column
from paceline.model.ids import JobId, WorkerId
from paceline.model.job import JobSpec, Range
from paceline.model.records import (
    AttemptsGranted,
    AttemptsOver,
    CancelKept,
    JobKept,
    JobOver,
    JobShut,
    Record,
    TasksKept,
)
from paceline.model.task import JUDGEMENT, Outcome, TaskState, final_state

_WORST_FIRST = (TaskState.FAILED, TaskState.CANCELLED, TaskState.SUCCEEDED)


@dataclass(slots=True)
class Task:
    """What the records say of one task."""

    number: int = 0
    holder: WorkerId | None = None
    outcome: Outcome | None = None  # of its final end
    may_start: float = 0.0
    used: dict[str, int] = field(default_factory=lambda: {"failures": 0, "losses": 0, "free": 0})
    cancelled: bool = False

    def over(self) -> bool:
        return self.outcome is not None or (self.cancelled and self.holder is None)


@dataclass(slots=True)
class Job:
    """What the records say of one job."""

    spec: JobSpec
    tasks: dict[int, Task]
    shut: bool
    out: int = 0
    over: bool = False
    succeeded: bool = False
    cancelled: bool = False  # or some of its tasks


class Ledger:
    """See the module."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, Job] = {}

    def keep(self, records: Sequence[Record]) -> None:
        """Raises AssertionError at the first record that should not be."""
        for record in records:
            match record:
                case JobKept():
                    self._on_job(record)
                case TasksKept(job=job, first=first, payloads=payloads) if self.jobs[job].spec.open:
                    self._on_tasks(self.jobs[job], first, len(payloads))
                case JobShut(job=job, count=count):
                    assert count == len(self.jobs[job].tasks), f"{record}: not all its tasks"
                    self.jobs[job].shut = True
                case CancelKept():
                    self._on_cancel(record)
                case AttemptsGranted():
                    self._on_granted(record)
                case AttemptsOver():
                    self._on_over(record)
                case JobOver():
                    self._on_job_over(record)
                case _:
                    pass

    def _on_job(self, record: JobKept) -> None:
        assert record.job == max(self.jobs, default=0) + 1, f"{record.job}: not the next number"
        spec = record.spec
        indexes = [] if spec.open else [i for r in spec.ranges for i in range(r.start, r.stop, r.step)]
        self.jobs[record.job] = Job(spec=spec, tasks={index: Task() for index in indexes}, shut=not spec.open)

    def _on_tasks(self, job: Job, first: int, count: int) -> None:
        assert not job.shut, "a closed job grew"
        assert first == len(job.tasks), "tasks were appended twice, or some are missing"
        job.tasks.update((index, Task()) for index in range(first, first + count))

    def _on_cancel(self, record: CancelKept) -> None:
        self.jobs[record.job].cancelled = True
        for index, task in self.jobs[record.job].tasks.items():
            if not record.ranges or any(_holds(r, index) for r in record.ranges):
                task.cancelled = True

    def _on_granted(self, record: AttemptsGranted) -> None:
        job = self.jobs[record.attempts.job]
        for before in job.spec.after:
            assert self.jobs[before].succeeded, f"{record}: granted before job {before} succeeded"
        assert record.at >= job.spec.not_before, f"{record}: granted before its time"
        for index, number in _rows(record.attempts.indexes, record.attempts.numbers):
            task = job.tasks[index]
            name = f"{record.attempts.job}.{index}#{number}"
            assert number == task.number + 1, f"{name}: the last attempt was #{task.number}"
            assert task.holder is None, f"{name}: another attempt is out"
            assert not task.over(), f"{name}: it is over"
            assert not task.cancelled, f"{name}: it was cancelled"
            assert task.may_start <= record.at, f"{name}: before its back-off was over"
            task.number, task.holder = number, record.worker
            job.out += 1
        assert not job.spec.limit or job.out <= job.spec.limit, f"{record}: over the limit"

    def _on_over(self, record: AttemptsOver) -> None:
        ends = record.endings
        job = self.jobs[ends.job]
        retries = column(record.retry_at, len(ends.indexes), 0.0)
        for position, (index, number) in enumerate(_rows(ends.indexes, ends.numbers)):
            task = job.tasks[index]
            name = f"{ends.job}.{index}#{number}"
            assert task.holder == record.worker, f"{name}: ended by worker {record.worker}, held by {task.holder}"
            assert task.number == number, f"{name}: the current attempt is #{task.number}"
            task.holder = None
            job.out -= 1
            self._on_end(job, task, ends.ending(position).outcome, retries[position], name)

    def _on_end(self, job: Job, task: Task, outcome: Outcome, retry_at: float, name: str) -> None:
        if not retry_at:
            task.outcome = outcome
            return
        assert not task.cancelled, f"{name}: tried again after it was cancelled"
        budget = JUDGEMENT[outcome].budget
        assert budget != "none", f"{name}: tried again after {outcome}"
        task.used[budget] += 1
        assert task.used["failures"] <= job.spec.retry.failures, f"{name}: more retries than asked for"
        assert task.used["losses"] <= job.spec.retry.losses, f"{name}: more retries than losses allow"
        task.may_start = retry_at

    def _on_job_over(self, record: JobOver) -> None:
        job = self.jobs[record.job]
        assert not job.over, f"job {record.job}: over twice"
        assert job.shut, f"job {record.job}: over while open"
        counts: dict[str, int] = {}
        for index, task in job.tasks.items():
            assert task.over(), f"{record.job}.{index}: its job is over, it is not"
            state = final_state(task.outcome) if task.outcome else TaskState.CANCELLED
            counts[state.value] = counts.get(state.value, 0) + 1
        assert counts == record.counts, f"job {record.job}: counted {record.counts}, should be {counts}"
        none = TaskState.CANCELLED if job.cancelled else TaskState.SUCCEEDED
        worst = next((state for state in _WORST_FIRST if state in counts), none)
        assert record.state == worst, f"job {record.job}: {record.state}, should be {worst}"
        job.over = True
        job.succeeded = worst == TaskState.SUCCEEDED


def _rows(indexes: Sequence[int], numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    return zip(indexes, column(numbers, len(indexes), 1), strict=True)


def _holds(r: Range, index: int) -> bool:
    return index in range(r.start, r.stop, r.step)
