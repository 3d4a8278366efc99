"""What is shown of jobs that are not over, and of workers."""

from collections.abc import Sequence

from paceline.core.job import Job
from paceline.core.worker import Worker
from paceline.model.job import Range
from paceline.model.task import TaskState
from paceline.model.views import JobView, WorkerView

_SINGLE = Range(start=0, stop=1)


def job_view(job: Job) -> JobView:
    """The job as it stands."""
    spec = job.spec
    return JobView(
        job=job.id,
        name=spec.name,
        kind=spec.run.kind,
        state=job_state(job),
        total=job.total,
        waiting=job.waiting.count + len(job.backing_off),
        running=len(job.live),
        succeeded=job.counts[TaskState.SUCCEEDED],
        failed=job.counts[TaskState.FAILED],
        cancelled=job.counts[TaskState.CANCELLED],
        submitted_at=job.kept.at,
        array=array_text(spec.ranges, spec.limit),
        priority=spec.priority,
        after=spec.after,
        open=job.open,
        owner=spec.owner,
        experiment=spec.experiment,
        reason=job.cancels[-1].reason if job.cancels else "",
    )


def job_state(job: Job) -> str:
    """One word for a job that is not over."""
    if job.live and not job.waiting.count and not job.backing_off and _all_stopping(job):
        return TaskState.STOPPING
    if job.live or any(job.counts.values()):
        return TaskState.RUNNING
    return TaskState.BLOCKED if job.blockers else TaskState.WAITING


def _all_stopping(job: Job) -> bool:
    return bool(job.cancels) and all(attempt.stopping for attempt in job.live.values())


def task_state(job: Job, index: int) -> str:
    """Where a task that is not over stands; empty for one that is over or never was."""
    attempt = job.live.get(index)
    if attempt is not None:
        if attempt.stopping:
            return TaskState.STOPPING
        return TaskState.RUNNING if attempt.started else TaskState.ASSIGNED
    if index in job.backing_off:
        return TaskState.BACKOFF
    if index in job.waiting:
        return TaskState.BLOCKED if job.blockers else TaskState.WAITING
    return ""


def array_text(ranges: Sequence[Range], limit: int) -> str:
    """``0-99:2%8`` as it was asked for; empty for a job of one task."""
    if len(ranges) == 1 and ranges[0] == _SINGLE:
        return ""
    text = ",".join(_range_text(each) for each in ranges)
    return f"{text}%{limit}" if limit else text


def _range_text(each: Range) -> str:
    span = range(each.start, each.stop, each.step)
    if len(span) <= 1:
        return "".join(map(str, span))
    return f"{span[0]}-{span[-1]}" + (f":{each.step}" if each.step > 1 else "")


def worker_view(worker: Worker) -> WorkerView:
    """The worker and what of it is free."""
    return WorkerView(
        worker=worker.id,
        name=worker.name,
        state=worker.state,
        machine=worker.machine,
        seen_at=worker.seen_at,
        running=len(worker.held),
        cpu_free=max(0, worker.cpu),
        memory_free=max(0, worker.memory),
        gpus_free=sum(worker.gpus),
        reason=worker.reason,
    )
