"""What is no longer wanted.

A cancel is desired state: it is kept first, then carried to every worker that holds one of the tasks, again after each
reconnect, until the worker says that nothing of it is left. Waiting tasks are over at once.
"""

from collections.abc import Sequence

from paceline.core.indexes import spans
from paceline.core.job import Attempt, Job, columns
from paceline.core.step import Step
from paceline.core.worker import Worker
from paceline.model.decision import Answer, Done, Stop
from paceline.model.events import CancelAsked
from paceline.model.ids import JobId
from paceline.model.job import Range
from paceline.model.records import CancelKept, JobShut
from paceline.model.task import Outcome


def shut(step: Step, job: Job) -> None:
    """An open job has all its tasks."""
    job.open = False
    step.keep(JobShut(job=job.id, count=job.total))


def on_cancel_asked(step: Step, event: CancelAsked) -> Answer:
    """Desired state: kept first, then carried to every worker that holds one of the tasks."""
    job = step.cluster.jobs.get(event.job)
    if job is None:
        return Done()
    ranges = _within(job, event.ranges)
    if event.ranges and not ranges:
        return Done()
    cancel = CancelKept(
        job=job.id, ranges=ranges, outcome=Outcome.CANCELLED, by=event.by, reason=event.reason, at=step.now
    )
    return Done(tasks=_withdraw(step, job, cancel))


def _within(job: Job, ranges: Sequence[Range]) -> Sequence[Range]:
    """Those that hold anything, and of an open job no more than the tasks it has: a cancel does not reach ahead."""
    end = job.total if job.open else None
    cut = [Range(start=r.start, stop=r.stop if end is None else min(r.stop, end), step=r.step) for r in ranges]
    return [each for each in cut if each.start < each.stop]


def _withdraw(step: Step, job: Job, cancel: CancelKept) -> int:
    step.keep(cancel)
    gone = step.cluster.withdraw(job, cancel)
    if job.open and not cancel.ranges:
        shut(step, job)
    stopped = _stop(step, job, cancel)
    step.touched[job.id] = None
    return gone + stopped


def _stop(step: Step, job: Job, cancel: CancelKept) -> int:
    """Tell the workers to end what the cancel covers and is not being ended yet."""
    wanted = spans(cancel.ranges)
    by_worker: dict[Worker, list[Attempt]] = {}
    for attempt in job.live.values():
        if not attempt.stopping and (not wanted or any(attempt.index in span for span in wanted)):
            attempt.stopping = True
            by_worker.setdefault(attempt.worker, []).append(attempt)
    for worker, attempts in by_worker.items():
        step.send(worker.id, Stop(attempts=columns(job.id, attempts), reason=cancel.reason))
    return sum(map(len, by_worker.values()))


def doom(step: Step, job: Job, because: JobId) -> None:
    """The job will never run, because one that it comes after did not succeed."""
    reason = f"job {because}, which it comes after, did not succeed"
    cancel = CancelKept(job=job.id, ranges=(), outcome=Outcome.DEPENDENCY, by="paceline", reason=reason, at=step.now)
    _withdraw(step, job, cancel)
