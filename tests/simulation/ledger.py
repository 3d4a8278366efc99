"""What must be true of everything that was ever kept, worked out from the records alone and not by the core's code.

Each record is held against all before it, and everything that is said against what is kept. Invariants go by the names
that ``docs/simulation.md`` lists them under:

    I1  what is acknowledged is kept           I2  one final end a task, and every job that is over counted right
    I3  the end is the current attempt's       I4  one attempt out at a time
    I5  numbers only grow                      I7  limits
    I8  nothing before what it comes after     I9  when an end is kept, nothing of the attempt runs
    I12 an end comes after its output          I14 one token, one submission

Besides: nothing before its time, nothing after its cancel, no more tries than asked for, none before its back-off.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from paceline.model.columns import Attempts, Endings, column
from paceline.model.decision import Drop, Grant, Message, Settled, Stop
from paceline.model.ids import AttemptId, JobId, TaskId, WorkerId
from paceline.model.job import JobSpec, Range
from paceline.model.records import (
    AttemptsGranted,
    AttemptsOver,
    CancelKept,
    JobKept,
    JobOver,
    JobShut,
    LogKept,
    Record,
    TasksKept,
)
from paceline.model.task import JUDGEMENT, POISON_LIMIT, Outcome, TaskState, final_state
from tests.simulation.stage import Stage

_WORST_FIRST = (TaskState.FAILED, TaskState.CANCELLED, TaskState.SUCCEEDED)


@dataclass(slots=True)
class Task:
    """What the records say of one task."""

    number: int = 0
    holder: WorkerId | None = None
    outcome: Outcome | None = None  # of its final end
    may_start: float = 0.0
    used: dict[str, int] = field(default_factory=lambda: {"failures": 0, "losses": 0, "free": 0})
    lost: int = 0
    cancelled: bool = False

    def over(self) -> bool:
        return self.outcome is not None or (self.cancelled and self.holder is None)


@dataclass(slots=True)
class Job:
    """What the records say of one job."""

    spec: JobSpec
    token: str
    tasks: dict[int, Task]
    shut: bool
    out: int = 0
    over: bool = False
    succeeded: bool = False
    cancelled: bool = False  # or some of its tasks


class Ledger:
    """See the module."""

    def __init__(self, stage: Stage) -> None:
        self.jobs: dict[JobId, Job] = {}
        self.tokens: dict[str, list[JobId]] = {}
        self._output: dict[AttemptId, int] = {}  # bytes that are kept
        self._results: list[tuple[AttemptId, bytes]] = []  # of the batch that is being kept
        self._stage = stage

    # ── kept ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def keep(self, records: Sequence[Record]) -> None:
        """Raises AssertionError at the first record that should not be."""
        for record in records:
            self._keep(record)
        for attempt, result in self._results:  # only now: a batch is kept as one
            self._check_result(attempt, result)
        self._results.clear()

    def _keep(self, record: Record) -> None:
        match record:
            case AttemptsGranted():
                self._on_granted(record)
            case AttemptsOver():
                self._on_over(record)
            case JobKept():
                self._on_job(record)
            case TasksKept(job=job, first=first, payloads=payloads) if self.jobs[job].spec.open:
                self._on_tasks(self.jobs[job], first, len(payloads))
            case JobShut(job=job, count=count):
                assert count == len(self.jobs[job].tasks), f"{record}: not all its tasks"
                self.jobs[job].shut = True
            case CancelKept():
                self._on_cancel(record)
            case JobOver():
                self._on_job_over(record)
            case LogKept():
                self._on_output(record)
            case _:
                pass

    def _on_job(self, record: JobKept) -> None:
        assert record.job == max(self.jobs, default=0) + 1, f"{record.job}: not the next number"
        spec = record.spec
        indexes = [] if spec.open else [i for r in spec.ranges for i in range(r.start, r.stop, r.step)]
        tasks = {index: Task() for index in indexes}
        self.jobs[record.job] = Job(spec=spec, token=record.token, tasks=tasks, shut=not spec.open)
        self.tokens.setdefault(record.token, []).append(record.job)

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
            assert self.jobs[before].succeeded, f"I8: {record}: granted before job {before} succeeded"
        assert record.at >= job.spec.not_before, f"{record}: granted before its time"
        for attempt in each(record.attempts):
            task = job.tasks[attempt.index]
            assert attempt.number == task.number + 1, f"I5: {attempt}: the last attempt was #{task.number}"
            assert task.holder is None, f"I4: {attempt}: another attempt is out"
            assert not task.over(), f"I2: {attempt}: it is over"
            assert not task.cancelled, f"{attempt}: it was cancelled"
            assert task.may_start <= record.at, f"{attempt}: before its back-off was over"
            task.number, task.holder = attempt.number, record.worker
            job.out += 1
        assert not job.spec.limit or job.out <= job.spec.limit, f"I7: {record}: over the limit"

    def _on_over(self, record: AttemptsOver) -> None:
        ends = record.endings
        job = self.jobs[ends.job]
        retries = column(record.retry_at, len(ends.indexes), 0.0)
        named = each(Attempts(job=ends.job, indexes=ends.indexes, numbers=ends.numbers))
        for position, attempt in enumerate(named):
            task = job.tasks[attempt.index]
            assert task.holder == record.worker, f"I3: {attempt}: ended by {record.worker}, held by {task.holder}"
            assert task.number == attempt.number, f"I3: {attempt}: the current attempt is #{task.number}"
            assert not self._stage.runs(attempt), f"I9: {attempt}: its end is kept, and it runs"
            task.holder = None
            job.out -= 1
            ending = ends.ending(position)
            self._on_end(job, task, ending.outcome, (record.at, retries[position]), str(attempt))
            if ending.result:
                self._results.append((attempt, ending.result))

    def _on_end(self, job: Job, task: Task, outcome: Outcome, times: tuple[float, float], name: str) -> None:
        assert task.outcome is None, f"I2: {name}: it was over"
        at, retry_at = times
        budget = JUDGEMENT[outcome].budget
        spent = task.used[budget] >= getattr(job.spec.retry, budget) if budget in ("failures", "losses") else False
        if not retry_at:
            assert task.cancelled or spent or budget == "none", f"{name}: not tried again after {outcome}"
            assert outcome is not Outcome.POISON or task.lost == POISON_LIMIT - 1, f"{name}: {task.lost} losses"
            task.outcome = outcome
            return
        assert not task.cancelled, f"{name}: tried again after it was cancelled"
        assert budget != "none", f"{name}: tried again after {outcome}"
        assert not spent, f"{name}: tried again after {task.used[budget]} {budget}"
        task.used[budget] += 1
        task.lost += outcome is Outcome.LOST
        assert task.lost < POISON_LIMIT, f"{name}: tried again after it took {task.lost} workers down"
        task.may_start = retry_at
        first_loss = outcome is Outcome.LOST and task.used["losses"] == 1
        if budget != "free" and not first_loss:
            tries = task.used["failures"] + task.used["losses"]
            least = 0.5 * min(job.spec.retry.cap, job.spec.retry.base * 2.0 ** (tries - 1))
            assert retry_at >= at + least, f"{name}: tried again after {retry_at - at:.1f} s, {least} at least"

    def _check_result(self, attempt: AttemptId, result: bytes) -> None:
        """Results say whose they are, and how much was written before them."""
        name, written = result.decode().split()
        assert name == str(attempt), f"{attempt}: has the result of {name}"
        assert self._output.get(attempt, 0) == int(written), f"I12: {attempt}: its end came before all its output"

    def _on_output(self, record: LogKept) -> None:
        there = self._output.get(record.attempt, 0)
        assert record.offset <= there, f"I12: {record.attempt}: output from {record.offset} on, {there} is there"
        expected = output_of(record.attempt, record.offset + len(record.data))[record.offset :]
        assert record.data == expected, f"I12: {record.attempt}: output that it did not write"
        self._output[record.attempt] = max(there, record.offset + len(record.data))

    def _on_job_over(self, record: JobOver) -> None:
        job = self.jobs[record.job]
        assert not job.over, f"I2: job {record.job}: over twice"
        assert job.shut, f"job {record.job}: over while open"
        counts: dict[str, int] = {}
        for index, task in job.tasks.items():
            assert task.over(), f"{record.job}.{index}: its job is over, it is not"
            state = final_state(task.outcome) if task.outcome else TaskState.CANCELLED
            counts[state.value] = counts.get(state.value, 0) + 1
        assert counts == record.counts, f"I2: job {record.job}: counted {record.counts}, should be {counts}"
        none = TaskState.CANCELLED if job.cancelled else TaskState.SUCCEEDED
        worst = next((state for state in _WORST_FIRST if state in counts), none)
        assert record.state == worst, f"I2: job {record.job}: {record.state}, should be {worst}"
        job.over = True
        job.succeeded = worst == TaskState.SUCCEEDED

    # ── said ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def check_said(self, worker: WorkerId, message: Message) -> None:
        """A server says this to a worker: it must be so already. Save, then speak."""
        match message:
            case Grant(attempts=attempts):
                for attempt in each(attempts):
                    task = self._task(attempt.task)
                    assert task.number >= attempt.number, f"I1: {attempt}: said to be granted, and is not"
            case Settled(attempts=attempts) | Drop(attempts=attempts):
                for attempt in each(attempts):
                    task = self._task(attempt.task)
                    held = task.holder == worker and task.number == attempt.number
                    assert not held, f"I1: {attempt}: {type(message).__name__} is said, and it is out"
            case Stop(attempts=attempts):
                for attempt in each(attempts):
                    assert self._task(attempt.task).cancelled, f"I1: {attempt}: said to stop, and not cancelled"
            case _:
                pass

    def check_hello(self, worker: WorkerId, begun: Iterable[AttemptId], held: Sequence[Attempts]) -> None:
        """A worker says what it holds: everything that began there and is not over."""
        told = {attempt for attempts in held for attempt in each(attempts)}
        for attempt in begun:
            task = self._task(attempt.task)
            out = task.holder == worker and task.number == attempt.number
            assert not out or attempt in told, f"I3: {attempt} began on worker {worker}, which does not know of it"

    def check_told(self, endings: Endings) -> None:
        """A worker says how these ended: what was given back never began."""
        named = each(Attempts(job=endings.job, indexes=endings.indexes, numbers=endings.numbers))
        for position, attempt in enumerate(named):
            returned = endings.ending(position).outcome is Outcome.RETURNED
            assert not returned or not self._stage.began(attempt), f"I3: {attempt} is given back unbegun, and began"

    def _task(self, task: TaskId) -> Task:
        job = self.jobs.get(task.job)
        return job.tasks.get(task.index, _NONE) if job is not None else _NONE

    def check_accepted(self, token: str, jobs: Sequence[JobId]) -> None:
        """A user is told that these were accepted."""
        assert self.tokens.get(token) == list(jobs), f"I1, I14: told {jobs}, kept {self.tokens.get(token)} for {token}"

    def check_grown(self, job: JobId, count: int) -> None:
        """A user is told that the job has so many tasks."""
        assert len(self.jobs[job].tasks) >= count, f"I1: told that job {job} has {count} tasks"

    def check_closed(self, job: JobId) -> None:
        """A user is told that the job is closed."""
        assert self.jobs[job].shut, f"I1: told that job {job} is closed"

    def check_cancelled(self, job: JobId, ranges: Sequence[Range]) -> None:
        """A user is told that these are cancelled: whatever is not over has it on record."""
        for index, task in self.jobs[job].tasks.items():
            wanted = not ranges or any(_holds(r, index) for r in ranges)
            assert not wanted or task.cancelled or task.over(), f"I1: told that {job}.{index} is cancelled"


_NONE = Task()


def each(attempts: Attempts) -> Iterator[AttemptId]:
    """Columns as single attempts."""
    numbers = column(attempts.numbers, len(attempts.indexes), 1)
    return (AttemptId(attempts.job, i, n) for i, n in zip(attempts.indexes, numbers, strict=True))


def output_of(attempt: AttemptId, length: int) -> bytes:
    """The first bytes of what this attempt writes."""
    line = f"{attempt} says\n".encode()
    return (line * (length // len(line) + 1))[:length]


def _holds(r: Range, index: int) -> bool:
    return index in range(r.start, r.stop, r.step)
