"""The picture of the world, and the only place that changes it.

Objects here are mutable and slotted, because copying a value costs more than the whole budget of a task; everything
that leaves this file is frozen. Whoever changes the picture does it through the methods of ``Cluster``, which keep the
books straight: what a worker has free, what a job occupies, which queue it stands in. ``check`` says whether they are.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from heapq import heappop, heappush

from paceline.core.indexes import Indexes, spans
from paceline.core.queue import ResourceClass, rank
from paceline.core.retry import Tries
from paceline.model.ids import AttemptId, Incarnation, JobId, WorkerId
from paceline.model.job import JobSpec
from paceline.model.records import CancelKept, JobKept
from paceline.model.resources import WHOLE, GpuNeed, Need
from paceline.model.task import TaskState
from paceline.model.worker import Machine, WorkerState

REMEMBERED = 100_000
"""Ended jobs and submit tokens still answered from memory, so that no question falls between store and core."""


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
    """A job that is not over."""

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
        self.payloads: dict[int, bytes] = {}
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
        return not self.open and sum(self.counts.values()) == self.total


FINAL_STATES = (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED)


class Worker:
    """A worker and what is free of it."""

    __slots__ = (
        "ahead",
        "capacity",
        "cpu",
        "disk",
        "features",
        "gpus",
        "held",
        "id",
        "incarnation",
        "labels",
        "machine",
        "memory",
        "name",
        "seen_at",
        "slots",
        "state",
    )

    def __init__(self, worker: WorkerId, name: str) -> None:
        self.id = worker
        self.name = name
        self.incarnation = Incarnation(0)
        self.state = WorkerState.AWAY
        self.seen_at = 0.0
        self.held: dict[tuple[JobId, int], Attempt] = {}
        self.ahead: dict[Need, int] = {}  # tasks held beyond capacity, which book nothing yet

    def introduce(self, machine: Machine) -> None:
        """Take over what the machine says of itself. Called when it holds nothing, or with ``held`` booked anew."""
        self.machine = machine
        self.capacity = machine.capacity
        self.labels = frozenset(machine.labels)
        self.features = frozenset(machine.features)
        self.cpu = machine.capacity.cpu
        self.memory = machine.capacity.memory
        self.disk = machine.capacity.disk
        self.gpus = [WHOLE] * len(machine.capacity.gpus)
        self.slots: dict[Need, int] = {}

    def allows(self, need: Need) -> bool:
        """Whether it is the right kind of machine at all: what no waiting can change."""
        return (
            self.labels.issuperset(need.labels) and self.features.issuperset(need.features) and self.slots_for(need) > 0
        )

    def slots_for(self, need: Need) -> int:
        """How many such tasks the empty machine could run at once."""
        known = self.slots.get(need)
        if known is None:
            whole = self.capacity
            free = [WHOLE] * len(whole.gpus)
            known = self.slots[need] = _fits(need, whole.cpu, whole.memory, whole.disk, self._devices(need.gpu, free))
        return known

    def free_for(self, need: Need, now: float) -> int:
        """How many such tasks it could start right now."""
        if need.time and self.machine.ends_at and self.machine.ends_at - now < need.time:
            return 0
        if self.cpu < need.cpu:
            return 0
        return _fits(need, self.cpu, self.memory, self.disk, self._devices(need.gpu, self.gpus) if need.gpu else -1)

    def load(self) -> float:
        """Share of its processors that is booked."""
        return 1.0 - self.cpu / self.capacity.cpu

    def book(self, need: Need, times: int) -> None:
        """Take so much; a negative count gives back. Devices are booked one attempt at a time, by ``pick``."""
        self.cpu -= need.cpu * times
        self.memory -= need.memory * times
        self.disk -= need.disk * times

    def pick(self, need: GpuNeed) -> tuple[int, ...]:
        """Book devices for one attempt, the fullest that still fits first, so that whole ones stay whole."""
        share = min(need.milli, WHOLE)
        fit = [d for d in self._matching(need) if self.gpus[d] >= share]
        fit.sort(key=lambda d: (self.gpus[d], d))
        chosen = tuple(fit[: -(-need.milli // WHOLE)])
        for device in chosen:
            self.gpus[device] -= share
        return chosen

    def unpick(self, need: GpuNeed, devices: Iterable[int]) -> None:
        for device in devices:
            self.gpus[device] += min(need.milli, WHOLE)

    def _matching(self, need: GpuNeed) -> Iterator[int]:
        for position, gpu in enumerate(self.capacity.gpus):
            if (
                (not need.vendor or gpu.vendor == need.vendor)
                and (not need.models or any(model in gpu.model for model in need.models))
                and gpu.memory >= need.memory
                and (not need.memory_max or gpu.memory <= need.memory_max)
            ):
                yield position

    def _devices(self, need: GpuNeed | None, free: Sequence[int]) -> int:
        """How many such device requests the free shares could serve; -1: none is asked for."""
        if need is None:
            return -1
        if need.milli < WHOLE:
            return sum(free[d] // need.milli for d in self._matching(need))
        return sum(free[d] == WHOLE for d in self._matching(need)) // -(-need.milli // WHOLE)


def _fits(need: Need, cpu: int, memory: int, disk: int, devices: int) -> int:
    """How often a need fits into what is free."""
    most = cpu // need.cpu if need.cpu else 1 << 20
    if need.memory:
        most = min(most, memory // need.memory)
    if need.disk:
        most = min(most, disk // need.disk)
    return most if devices < 0 else min(most, devices)


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


class Due(StrEnum):
    """What can come due by the passing of time alone."""

    TASK = "TASK"  # (job, index): its back-off is over
    JOB = "JOB"  # (job,): its not-before has come
    LEASE = "LEASE"  # (worker,): its lease may be over


class Cluster:
    """Jobs, workers, queues, and the times at which something is due."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, Job] = {}
        self.workers: dict[WorkerId, Worker] = {}
        self.classes: dict[tuple[Need, ...], ResourceClass] = {}
        self.next_job = 1
        self.changed: dict[WorkerId, Worker] = {}  # workers with more room than when last asked
        self.ended: OrderedDict[JobId, bool] = OrderedDict()  # jobs over: did they succeed
        self.tokens: OrderedDict[str, tuple[str, tuple[JobId, ...]]] = OrderedDict()  # submit token → digest, jobs
        self._due: list[tuple[float, int, Due, tuple[int, ...]]] = []
        self._count = 0

    # ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────

    def add_job(self, kept: JobKept) -> Job:
        """A job enters the picture, with the tasks its ranges name."""
        queue = self.classes.get(kept.spec.needs)
        if queue is None:
            queue = self.classes[kept.spec.needs] = ResourceClass(kept.spec.needs)
        job = self.jobs[kept.job] = Job(kept, queue)
        self.next_job = max(self.next_job, kept.job + 1)
        if not job.open:
            for span in spans(kept.spec.ranges):
                job.waiting.append(span)
            job.total = job.waiting.count
        if job.held_until:
            self.remind(job.held_until, Due.JOB, job.id)
        return job

    def append_tasks(self, job: Job, first: int, payloads: Sequence[bytes]) -> None:
        """An open job grows."""
        job.payloads.update(zip(range(first, first + len(payloads)), payloads, strict=True))
        job.waiting.append(range(first, first + len(payloads)))
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
        job.blockers.discard(blocker)
        self.offer(job)

    def release_job(self, job: Job) -> None:
        """Its start time has come."""
        job.held_until = 0.0
        self.offer(job)

    def withdraw(self, job: Job, cancel: CancelKept) -> int:
        """Waiting tasks that a cancel covers are over. Returns how many."""
        job.cancels.append(cancel)
        gone = sum(map(len, job.waiting.remove(cancel.ranges)))
        unwanted = spans(cancel.ranges)
        for index in [i for i in job.backing_off if not unwanted or any(i in span for span in unwanted)]:
            del job.backing_off[index]
            gone += 1
        job.counts[TaskState.CANCELLED] += gone
        return gone

    def forget_job(self, job: Job) -> None:
        """It is over: out of the picture, but for whether it succeeded."""
        del self.jobs[job.id]
        self.ended[job.id] = job.counts[TaskState.SUCCEEDED] == job.total
        if len(self.ended) > REMEMBERED:
            self.ended.popitem(last=False)

    def remember_token(self, token: str, digest: str, jobs: tuple[JobId, ...]) -> None:
        self.tokens[token] = (digest, jobs)
        if len(self.tokens) > REMEMBERED:
            self.tokens.popitem(last=False)

    # ── attempts ────────────────────────────────────────────────────────────────────────────────────────────────

    def grant(self, job: Job, worker: Worker, need: Need, indexes: Sequence[int], now: float) -> list[int]:
        """These tasks are the worker's now. Returns the attempts' numbers."""
        numbers = [self._next_number(job, index) for index in indexes] if job.tries else [1] * len(indexes)
        for index, number in zip(indexes, numbers, strict=True):
            self._hold(Attempt(job, index, number, worker, need, now))
        return numbers

    def book(self, job: Job, worker: Worker, need: Need, count: int) -> None:
        """``count`` more attempts of this need run on the worker."""
        worker.book(need, count)
        job.busy += need.cpu * count

    def book_ahead(self, job: Job, worker: Worker, need: Need, count: int) -> None:
        """``count`` more attempts wait in the worker's hand: they take over what ending ones of the same need leave."""
        worker.ahead[need] = worker.ahead.get(need, 0) + count
        job.busy += need.cpu * count

    def _next_number(self, job: Job, index: int) -> int:
        tries = job.tries.get(index)
        if tries is None:
            return 1
        tries.number += 1
        return tries.number

    def _hold(self, attempt: Attempt) -> None:
        attempt.job.live[attempt.index] = attempt
        attempt.worker.held[attempt.job.id, attempt.index] = attempt
        if attempt.need.gpu:
            attempt.devices = attempt.worker.pick(attempt.need.gpu)

    def adopt(self, job: Job, worker: Worker, index: int, number: int, granted_at: float) -> None:
        """An attempt that a former server granted is held again, as far as we know."""
        need = job.spec.needs[0]
        attempt = Attempt(job, index, number, worker, need, granted_at)
        self._hold(attempt)
        self.book(job, worker, need, 1)

    def let_go(self, attempts: Sequence[Attempt]) -> None:
        """Attempts of one job and one worker have ended: what they booked is free, or taken over by one in hand."""
        job, worker = attempts[0].job, attempts[0].worker
        live, held, number = job.live, worker.held, job.id
        for attempt in attempts:
            del live[attempt.index]
            del held[number, attempt.index]
        for need, count in _by_need(attempts):
            ahead = worker.ahead.get(need, 0)
            inherited = min(count, ahead)
            if inherited:
                worker.ahead[need] = ahead - inherited
            worker.book(need, inherited - count)
            job.busy -= need.cpu * count
        self.changed[worker.id] = worker

    def finish(self, job: Job, index: int, state: TaskState) -> None:
        """A task is over."""
        job.counts[state] += 1
        job.payloads.pop(index, None)
        job.tries.pop(index, None)

    def tries(self, attempt: Attempt) -> Tries:
        """The task's counts, made now if it had none."""
        tries = attempt.job.tries.get(attempt.index)
        if tries is None:
            tries = attempt.job.tries[attempt.index] = Tries()
        tries.number = max(tries.number, attempt.number)
        return tries

    def requeue(self, job: Job, index: int) -> None:
        """A task waits again, ahead of its job's others."""
        job.waiting.put_back(index)

    def postpone(self, job: Job, index: int, until: float) -> None:
        """A task waits for its next attempt's time."""
        job.backing_off[index] = until
        self.remind(until, Due.TASK, job.id, index)

    # ── workers ─────────────────────────────────────────────────────────────────────────────────────────────────

    def add_worker(self, worker: WorkerId, name: str) -> Worker:
        found = self.workers[worker] = Worker(worker, name)
        return found

    def introduce(self, worker: Worker, machine: Machine) -> None:
        """What the worker has; what it holds is booked against it."""
        worker.introduce(machine)
        worker.ahead = {}
        for attempt in worker.held.values():
            worker.book(attempt.need, 1)
            if attempt.need.gpu:
                attempt.devices = worker.pick(attempt.need.gpu)
        self.worker_changed(worker)

    def worker_changed(self, worker: Worker) -> None:
        """It can do more, or other things, than when last asked."""
        self.changed[worker.id] = worker

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────

    def remind(self, at: float, what: Due, *who: int) -> None:
        """``due`` will say so, from ``at`` on."""
        self._count += 1
        heappush(self._due, (at, self._count, what, who))

    def due(self, now: float) -> Iterator[tuple[Due, tuple[int, ...]]]:
        """Everything whose time has come, in order."""
        while self._due and self._due[0][0] <= now:
            _, _, what, who = heappop(self._due)
            yield what, who

    def next_due(self) -> float:
        return self._due[0][0] if self._due else float("inf")

    # ── invariants ──────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """Raise AssertionError unless the books are straight. Tests and the simulation call it after every step."""
        for job in self.jobs.values():
            _check_job(job)
        for worker in self.workers.values():
            _check_worker(worker)


def _check_job(job: Job) -> None:
    places = [*job.waiting, *job.backing_off, *job.live]
    assert len(places) == len(set(places)), f"job {job.id}: a task stands in two places"
    assert len(places) + sum(job.counts.values()) == job.total, f"job {job.id}: tasks got lost or doubled"
    assert job.busy == sum(attempt.need.cpu for attempt in job.live.values()), f"job {job.id}: busy is wrong"
    assert not job.spec.limit or len(job.live) <= job.spec.limit, f"job {job.id}: over its limit"
    for index, attempt in job.live.items():
        assert attempt.worker.held.get((job.id, index)) is attempt, f"{attempt.id}: held by nobody"


def _check_worker(worker: Worker) -> None:
    booked: dict[Need, int] = {}
    for (job, index), attempt in worker.held.items():
        assert attempt.job.id == job, f"{attempt.id}: under another job's name"
        assert attempt.job.live.get(index) is attempt, f"{attempt.id}: not live in its job"
        booked[attempt.need] = booked.get(attempt.need, 0) + 1
    assert all(0 <= ahead <= booked.get(need, 0) for need, ahead in worker.ahead.items()), f"{worker.name}: ahead"
    cpu = sum(need.cpu * (count - worker.ahead.get(need, 0)) for need, count in booked.items())
    assert worker.state in _GONE or worker.cpu + cpu == worker.capacity.cpu, f"{worker.name}: cpu books are wrong"
    assert not worker.held or worker.state not in _GONE, f"{worker.name}: gone, but holds attempts"


_GONE = (WorkerState.LOST, WorkerState.LEFT)
