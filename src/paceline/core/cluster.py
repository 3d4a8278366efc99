"""The picture of the world, and the only place that changes it.

Objects here are mutable and slotted, because copying a value costs more than the whole budget of a task; everything
that leaves the core is frozen. Whoever changes the picture does it through the methods of ``Cluster``, which keep the
books straight: what a worker has free, what a job occupies, which queue it stands in. ``check`` says whether they are.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from paceline.core.indexes import covers, spans
from paceline.core.invariants import GONE, check_checkpoints, check_job, check_worker
from paceline.core.job import Attempt, Job
from paceline.core.queue import SHARE, Queues
from paceline.core.ranking import Ranking
from paceline.core.reminders import Due, Reminders
from paceline.core.reservation import Reservation
from paceline.core.worker import Worker
from paceline.model.checkpoint import Checkpoint
from paceline.model.ids import JobId, WorkerId
from paceline.model.records import CancelKept, JobKept
from paceline.model.resources import Need
from paceline.model.task import TaskState
from paceline.model.worker import Machine

REMEMBERED = 100_000
"""Ended jobs and submit tokens still answered from memory, so that no question falls between store and core."""

K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V], Generic[K, V]):
    """The latest ``most`` entries of a mapping."""

    def __init__(self, *, most: int = REMEMBERED) -> None:
        super().__init__()
        self.most = most

    def remember(self, key: K, value: V) -> None:
        """Add one; the oldest goes when there are too many."""
        self[key] = value
        if len(self) > self.most:
            self.popitem(last=False)


class Cluster:
    """Jobs, workers, queues, and the times at which something is due."""

    def __init__(self, *, share: float = SHARE) -> None:
        self.jobs: dict[JobId, Job] = {}
        self.workers: dict[WorkerId, Worker] = {}
        self.queues = Queues(share)
        self.reminders = Reminders()
        self.next_job = 1
        self.checkpoints: dict[JobId, dict[int, tuple[Checkpoint, ...]]] = {}  # by task, those that stay, newest last
        self.changed: dict[WorkerId, Worker] = {}  # workers with more room than when last asked
        self.ranking = Ranking()
        self.reserved: Reservation | None = None  # as of the last step
        self.ended: Recent[JobId, bool] = Recent()  # jobs over: did they succeed
        self._looked_before = float("-inf")  # of ``forget_workers``
        self.forgotten: Recent[WorkerId, str] = Recent()  # workers that are gone for good, most likely
        self.tokens: Recent[str, tuple[str, tuple[JobId, ...]]] = Recent()  # submit token → digest, jobs

    # ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def add_job(self, kept: JobKept) -> Job:
        """A job enters the picture, with the tasks its ranges name."""
        job = self.jobs[kept.job] = Job(kept, self.queues.join(kept.spec.needs))
        self.next_job = max(self.next_job, kept.job + 1)
        if not job.open:
            for span in spans(kept.spec.ranges):
                job.waiting.append(span)
            job.total = job.waiting.count
        if job.held_until:
            self.reminders.add(job.held_until, Due.JOB, job.id)
        return job

    def append_tasks(self, job: Job, first: int, payloads: Sequence[bytes]) -> None:
        """An open job grows."""
        new = range(first, first + len(payloads))
        job.payloads.add(new, payloads)
        job.waiting.append(new)
        job.total += len(payloads)
        self.offer(job)

    def offer(self, job: Job) -> None:
        """Let a job stand in its queue if it has anything to stand for."""
        if job.ready():
            job.queue.push(job)

    def block(self, job: Job, blockers: Iterable[JobId]) -> None:
        """The job waits for others."""
        for blocker in blockers:
            job.blockers.add(blocker)
            self.jobs[blocker].dependents.add(job.id)

    def unblock(self, job: Job, blocker: JobId) -> None:
        """One of them succeeded."""
        job.blockers.discard(blocker)
        self.offer(job)

    def release_job(self, job: Job) -> None:
        """Its start time has come."""
        job.held_until = 0.0
        self.offer(job)

    def withdraw(self, job: Job, cancel: CancelKept) -> int:
        """Waiting tasks that a cancel covers are over. Returns how many."""
        job.cancels.append(cancel)
        gone = job.waiting.remove(cancel.ranges)
        for index in [index for index in job.backing_off if covers(cancel.ranges, index)]:
            del job.backing_off[index]
            gone.append(range(index, index + 1))
        if job.payloads or job.tries:
            for span in gone:
                job.forget(span)
        count = sum(map(len, gone))
        job.counts[TaskState.CANCELLED] += count
        return count

    def forget_job(self, job: Job) -> None:
        """It is over: out of the picture, but for whether it succeeded."""
        del self.jobs[job.id]
        self.queues.leave(job)
        self.ended.remember(job.id, job.final_state() == TaskState.SUCCEEDED)

    # ── attempts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def grant(self, job: Job, worker: Worker, need: Need, indexes: Sequence[int], now: float) -> list[int]:
        """These tasks are the worker's now. Returns the attempts' numbers."""
        numbers = [job.next_number(index) for index in indexes] if job.tries else [1] * len(indexes)
        for index, number in zip(indexes, numbers, strict=True):
            _hold(Attempt(job, index, number, worker, need, now))
        return numbers

    def book(self, job: Job, worker: Worker, need: Need, count: int) -> None:
        """``count`` more attempts of this need run on the worker."""
        worker.book(need, count)
        self.ranking.moved[worker.id] = worker
        job.busy += need.cpu * count

    def book_ahead(self, job: Job, worker: Worker, need: Need, count: int) -> None:
        """``count`` more attempts wait in the worker's hand: they take over what ending ones of the same need leave."""
        worker.ahead[need] = worker.ahead.get(need, 0) + count
        job.busy += need.cpu * count

    def adopt(self, attempt: Attempt) -> None:
        """An attempt that a former server granted is held again, as far as we know."""
        _hold(attempt)
        self.book(attempt.job, attempt.worker, attempt.need, 1)

    def let_go(self, attempts: Sequence[Attempt]) -> None:
        """Attempts of one job and one worker have ended: what they booked is free, or taken over by one in hand."""
        job, worker = attempts[0].job, attempts[0].worker
        live, held, number = job.live, worker.held, job.id
        for attempt in attempts:
            del live[attempt.index]
            del held[number, attempt.index]
        for need, count in _by_need(attempts):
            ahead = worker.ahead.pop(need, 0)
            inherited = min(count, ahead)
            if ahead > inherited:
                worker.ahead[need] = ahead - inherited
            worker.book(need, inherited - count)
            job.busy -= need.cpu * count
        self.changed[worker.id] = worker

    def postpone(self, job: Job, index: int, until: float) -> None:
        """A task waits for its next attempt's time."""
        job.backing_off[index] = until
        self.reminders.add(until, Due.TASK, job.id, index)

    # ── workers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def add_worker(self, worker: WorkerId, name: str) -> Worker:
        """A worker nobody knew."""
        self.forgotten.pop(worker, None)
        found = self.workers[worker] = Worker(worker, name)
        return found

    def forget_workers(self, before: float) -> None:
        """Those that are gone and were not heard of since are out of the picture. Should one come back, it is new.

        Looked for once a minute at most: ten thousand may join at once.
        """
        if before < self._looked_before + 60.0:
            return
        self._looked_before = before
        for worker in list(self.workers.values()):
            if worker.state in GONE and worker.seen_at < before and not worker.watched:
                del self.workers[worker.id]
                self.ranking.forget(worker)
                self.forgotten.remember(worker.id, worker.name)

    def introduce(self, worker: Worker, machine: Machine) -> None:
        """What the worker has; what it holds is booked against it."""
        worker.introduce(machine)
        self.worker_changed(worker)

    def worker_changed(self, worker: Worker) -> None:
        """It can do more, or other things, than when last asked."""
        self.changed[worker.id] = worker

    # ── invariants ──────────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """Raise AssertionError unless the books are straight. Tests and the simulation call it after every step."""
        for job in self.jobs.values():
            check_job(job)
        check_checkpoints(self.checkpoints, self.jobs)
        for worker in self.workers.values():
            check_worker(worker)


def _by_need(attempts: Sequence[Attempt]) -> Iterator[tuple[Need, int]]:
    """How many there are of each need, devices given back on the way. Most often they are all of one."""
    first = attempts[0].need
    if first.gpu is None and all(attempt.need is first for attempt in attempts):
        yield first, len(attempts)
        return
    for attempt in attempts:
        if attempt.need.gpu:
            attempt.worker.unpick(attempt.need.gpu, attempt.devices)
        yield attempt.need, 1


def _hold(attempt: Attempt) -> None:
    attempt.job.live[attempt.index] = attempt
    attempt.worker.held[attempt.job.id, attempt.index] = attempt
    if attempt.need.gpu:
        attempt.devices = attempt.worker.pick(attempt.need.gpu)
