"""How tasks ended of late: out of time, out of memory, with their workers, or all too soon on one of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from paceline.cli.doctor.finding import Finding, ok, warning
from paceline.cli.doctor.surroundings import Surroundings
from paceline.cli.doctor.visit import Visit, of_visit
from paceline.model.ids import JobId, TaskId
from paceline.model.task import Outcome, TaskState
from paceline.model.views import JobView, TaskView

LATE = 3600.0
"""Seconds back that we look."""
LOOKED_AT, TASKS = 100, 200
"""Jobs, the newest; and of each of them tasks of each kind of end."""
QUICK = 2.0
"""Seconds: a failure that takes less has hardly begun."""
MANY = 5
"""Quick failures on one worker that are not chance."""

_TOLD: dict[str, tuple[str, str]] = {
    Outcome.TIMEOUT: ("ran out of time", "give them longer (--time), or see where they hang: paceline logs {task}"),
    Outcome.OOM: (
        "ran out of memory",
        "ask for more (--memory), or use less: paceline task show {task} tells the peak",
    ),
    Outcome.POISON: ("took three workers down and are not tried again", "see what they did last: paceline logs {task}"),
    Outcome.DISK_LIMIT: ("wrote more than they were given", "ask for more disk (--disk), or write less"),
    Outcome.LAUNCH: ("could not be started", "see that program and directory are there: paceline task show {task}"),
    Outcome.UNKILLABLE: (
        "would not die",
        "see what holds them in the kernel, a disk or a driver: ps -o stat,wchan,cmd",
    ),
}
"""What is said of ends that have a remedy, and the remedy."""


@of_visit
async def failures(around: Surroundings, visit: Visit) -> Iterable[Finding]:
    """Failures of the last hour, by how."""
    ended = await _ended(around, visit, TaskState.FAILED)
    by_outcome: dict[str, list[TaskView]] = {}
    for task in ended:
        by_outcome.setdefault(task.outcome, []).append(task)
    found = [_told(outcome, tasks) for outcome, tasks in by_outcome.items() if outcome in _TOLD]
    return found or [ok(f"none of the {len(ended)} of the last hour has a remedy known here" if ended else "none")]


def _told(outcome: str, tasks: Sequence[TaskView]) -> Finding:
    what, todo = _TOLD[outcome]
    first = _name(tasks[0])
    count = f"{len(tasks)} tasks" if len(tasks) > 1 else "one task"
    found = f"{count} {what} in the last hour, such as {first}"
    return warning(found, todo.format(task=first), outcome=outcome, count=len(tasks), tasks=[*map(_name, tasks[:20])])


@of_visit
async def black_holes(around: Surroundings, visit: Visit) -> Iterable[Finding]:
    """Workers on which everything fails at once: they are free again soonest, and so get the most."""
    failed = await _ended(around, visit, TaskState.FAILED)
    succeeded = await _ended(around, visit, TaskState.SUCCEEDED)
    return [*suspicious(failed, succeeded)] or [ok("none")]


def suspicious(failed: Sequence[TaskView], succeeded: Sequence[TaskView]) -> Iterator[Finding]:
    """Workers with many quick failures of jobs that do better elsewhere: otherwise it is the job, not the worker."""
    quick = [task for task in failed if task.worker and task.seconds < QUICK]
    fine = Counter(task.worker for task in succeeded)
    for worker, count in Counter(task.worker for task in quick).items():
        jobs = {task.job for task in quick if task.worker == worker}
        elsewhere = sum(task.worker != worker and task.job in jobs for task in succeeded)
        if count >= MANY and count > fine[worker] and elsewhere:
            found = f"{worker}: {count} tasks failed within {QUICK:g} s, others of their jobs succeed elsewhere"
            task = _example(quick, worker)
            todo = f"keep it from work, and see why: paceline worker drain {worker}; paceline logs {task}"
            yield warning(found, todo, worker=worker, failures=count, successes=fine[worker])


def _example(tasks: Sequence[TaskView], worker: str) -> str:
    return next(_name(task) for task in tasks if task.worker == worker)


async def _ended(around: Surroundings, visit: Visit, state: TaskState) -> list[TaskView]:
    since = around.clock.now() + visit.ahead - LATE
    return [
        task
        for job in await visit.client.jobs(limit=LOOKED_AT)
        if _counts(job, state) and (not job.ended_at or job.ended_at > since)
        for task in await visit.client.tasks(job.job, states=[state], limit=TASKS)
        if task.ended_at > since
    ]


def _counts(job: JobView, state: TaskState) -> int:
    return job.failed if state is TaskState.FAILED else job.succeeded


def _name(task: TaskView) -> str:
    return str(TaskId(JobId(task.job), task.index))
