"""What must be true of the picture between two steps, whatever happened. Raises AssertionError where it is not."""

from collections.abc import Mapping, Sequence

from paceline.core.job import Job
from paceline.core.worker import ENDLESS, Worker
from paceline.model.checkpoint import Checkpoint
from paceline.model.ids import JobId
from paceline.model.resources import WHOLE, Need
from paceline.model.worker import WorkerState

GONE = (WorkerState.LOST, WorkerState.LEFT)


def check_job(job: Job) -> None:
    """Each task stands in one place, and the books say what the job occupies."""
    places = [*job.waiting, *job.backing_off, *job.live]
    assert job.waiting.count + len(job.backing_off) + len(job.live) == len(places), f"job {job.id}: count is wrong"
    assert len(places) == len(set(places)), f"job {job.id}: a task stands in two places"
    assert len(places) + sum(job.counts.values()) == job.total, f"job {job.id}: tasks got lost or doubled"
    assert job.busy == sum(attempt.need.cpu for attempt in job.live.values()), f"job {job.id}: busy is wrong"
    assert not job.spec.limit or len(job.live) <= job.spec.limit, f"job {job.id}: over its limit"
    assert not (job.blockers and job.live), f"job {job.id}: runs before job {min(job.blockers)} is over"
    assert not job.over(), f"job {job.id}: is over, but nobody noticed"
    for index, attempt in job.live.items():
        assert attempt.worker.held.get((job.id, index)) is attempt, f"{attempt.id}: held by nobody"
    known = set(places)
    assert job.payloads.keys() <= known, f"job {job.id}: payloads of tasks that are over"
    assert job.tries.keys() <= known, f"job {job.id}: counts of tasks that are over"


def check_checkpoints(made: Mapping[JobId, Mapping[int, Sequence[Checkpoint]]], jobs: Mapping[JobId, Job]) -> None:
    """Checkpoints are of tasks that may go on from them, each known once, and by attempts that were made."""
    for job, tasks in made.items():
        assert job in jobs, f"job {job}: over, but has checkpoints"
        for index, kept in tasks.items():
            names = [(each.attempt, each.step) for each in kept]
            assert len(names) == len(set(names)), f"{job}.{index}: a checkpoint is there twice"
            assert all(name.task == (job, index) for name, _ in names), f"{job}.{index}: has another task's checkpoint"
            numbers = [name.number for name, _ in names]
            assert numbers == sorted(numbers), f"{job}.{index}: an old attempt's checkpoint is newer than a new one's"


def check_worker(worker: Worker) -> None:
    """What is free and what is held make up the whole machine, and a worker that is gone holds nothing."""
    assert not worker.held or worker.state not in GONE, f"{worker.name}: gone, but holds attempts"
    held: dict[Need, int] = {}
    devices = [WHOLE] * len(worker.capacity.gpus)
    for (job, index), attempt in worker.held.items():
        assert attempt.job.id == job, f"{attempt.id}: under another job's name"
        assert attempt.job.live.get(index) is attempt, f"{attempt.id}: not live in its job"
        held[attempt.need] = held.get(attempt.need, 0) + 1
        for device in attempt.devices:
            devices[device] -= min(attempt.need.gpu.milli, WHOLE) if attempt.need.gpu else 0
    for need, ahead in worker.ahead.items():
        assert 0 < ahead <= held.get(need, 0), f"{worker.name}: more waits in its hand than it holds"
        held[need] -= ahead
    for what, have, whole in (
        ("cpu", worker.cpu, worker.capacity.cpu),
        ("memory", worker.memory, worker.capacity.memory),
        ("disk", worker.disk, worker.capacity.disk),
    ):
        booked = sum(getattr(need, what) * count for need, count in held.items())
        assert have + booked == whole, f"{worker.name}: {what} books are wrong"
    most = worker.capacity.tasks or ENDLESS
    assert worker.tasks + sum(held.values()) == most, f"{worker.name}: the count of its tasks is wrong"
    assert devices == worker.gpus, f"{worker.name}: device books are wrong"
    assert min(devices, default=0) >= 0, f"{worker.name}: a device is booked twice"
