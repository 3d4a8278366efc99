"""Jobs enter the picture: accepted together or not at all, and once, however often they are sent.

A submission carries a *token* that its client made up. The same token with the same digest is the same submission,
whoever repeats it and whenever; with another digest it is a conflict.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from paceline.core.cancel import doom, shut
from paceline.core.step import Step
from paceline.model.decision import Answer, Done, Submitted
from paceline.model.errors import Conflict, NotFound, PacelineError, UsageError
from paceline.model.events import JobClosed, JobsSubmitted, TasksAppended
from paceline.model.ids import JobId
from paceline.model.job import JobSpec
from paceline.model.records import JobKept, TasksKept


def on_jobs_submitted(step: Step, event: JobsSubmitted) -> Answer:
    """All of the jobs exist from here on, or none."""
    earlier = _earlier_submission(step, event)
    if earlier is not None:
        return earlier
    refusal = _refuse(step, event)
    if refusal is not None:
        return refusal
    ids = [JobId(step.cluster.next_job + position) for position in range(len(event.specs))]
    by_name = {spec.name: number for spec, number in zip(event.specs, ids, strict=True)}
    for position, spec in enumerate(event.specs):
        after = (*spec.after, *(by_name[name] for name in spec.after_names))
        resolved = replace(spec, after=after, after_names=()) if spec.after_names else spec
        kept = JobKept(
            job=ids[position], spec=resolved, at=step.now, token=event.token, digest=event.digest, by=event.by
        )
        _admit(step, kept, event.payloads[position] if event.payloads else ())
    for number in ids:  # only now: a job may come after one that stands behind it in the list
        job = step.cluster.jobs[number]
        step.cluster.block(job, [other for other in job.spec.after if other in step.cluster.jobs])
        step.cluster.offer(job)
    if event.token:
        step.cluster.tokens.remember(event.token, (event.digest, tuple(ids)))
    _end_doomed(step, ids, event)
    return Submitted(jobs=ids)


def _earlier_submission(step: Step, event: JobsSubmitted) -> Answer | None:
    if not event.token:
        return None
    if event.known:
        return Submitted(jobs=event.known, again=True)
    digest, jobs = step.cluster.tokens.get(event.token, ("", ()))
    if not jobs:
        return None
    if digest != event.digest:
        return Conflict(
            f"submit token {event.token!r} was already used for job {jobs[0]}, which asks for something else",
            hint="use a new token for a new submission",
        )
    return Submitted(jobs=jobs, again=True)


def _refuse(step: Step, event: JobsSubmitted) -> PacelineError | None:
    names = Counter(spec.name for spec in event.specs)
    for spec in event.specs:
        for name in spec.after_names:
            if names[name] != 1:
                number = "none" if name not in names else "several"
                return UsageError(f"{spec.name}: needs {name!r}, but {number} of the jobs here is called so")
        for job in spec.after:
            if job not in step.cluster.jobs and job not in step.cluster.ended and job not in event.ended:
                return NotFound(f"after: there is no job {job}", hint="`paceline ps --all` lists them")
    return _cycle(event.specs)


def _cycle(specs: Sequence[JobSpec]) -> UsageError | None:
    """An error naming a circle of jobs that wait for each other, if there is one."""
    before = {spec.name: set(spec.after_names) for spec in specs}
    after: dict[str, list[str]] = {}
    for name, others in before.items():
        for other in others:
            after.setdefault(other, []).append(name)
    free = [name for name, others in before.items() if not others]
    for name in free:  # grows as others become free
        for follower in after.get(name, ()):
            before[follower].discard(name)
            if not before[follower]:
                free.append(follower)
    if len(free) == len(before):
        return None
    path = [next(name for name, others in before.items() if others)]
    while path[-1] not in path[:-1]:
        path.append(min(before[path[-1]]))
    circle = path[path.index(path[-1]) :]
    return UsageError(f"needs: these jobs wait for each other: {' → '.join(circle)}")


def _admit(step: Step, kept: JobKept, payloads: Sequence[bytes]) -> None:
    job = step.cluster.add_job(kept)
    step.keep(kept)
    if payloads:
        step.keep(TasksKept(job=job.id, first=0, payloads=payloads))
        job.payloads.add(range(job.total), payloads)


def _end_doomed(step: Step, ids: Sequence[JobId], event: JobsSubmitted) -> None:
    """A job after one that already failed will never run."""
    for number in ids:
        job = step.cluster.jobs[number]
        failed = [job for job in job.spec.after if not step.cluster.ended.get(job, event.ended.get(job, True))]
        if failed:
            doom(step, job, failed[0])


def on_tasks_appended(step: Step, event: TasksAppended) -> Answer:
    """An open job grows by so many tasks. A repeat of what is there already changes nothing."""
    job = step.cluster.jobs.get(event.job)
    if job is None:
        return Conflict(f"job {event.job} takes no more tasks: it is over")
    new = event.payloads[max(0, job.total - event.first) :]
    if new and not job.open:
        return Conflict(f"job {event.job} takes no more tasks: it is closed")
    if event.first > job.total:
        return Conflict(f"job {event.job} has {job.total} tasks; the next index is not {event.first}")
    if new:
        first = job.total
        step.keep(TasksKept(job=job.id, first=first, payloads=new))
        step.cluster.append_tasks(job, first, new)
    return Done(tasks=len(new))


def on_job_closed(step: Step, event: JobClosed) -> Answer:
    """These are all the tasks the job will ever have."""
    job = step.cluster.jobs.get(event.job)
    if job is not None and job.open:
        shut(step, job)
        step.touched[job.id] = None
    return Done()
