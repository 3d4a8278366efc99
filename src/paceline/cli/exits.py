"""Exit codes that speak for tasks: the program's own, 128 + n for signal n, and 0 or 1 for several."""

from collections.abc import Sequence

from paceline.model.task import Outcome
from paceline.model.views import JobView, TaskView

INTERRUPTED = 130
TIMED_OUT = 124

_WITHOUT_CODE = {
    Outcome.SUCCEEDED: 0,
    Outcome.TIMEOUT: TIMED_OUT,
    Outcome.OOM: 137,  # what the kernel's KILL looks like in a shell
    Outcome.LAUNCH: 127,
    Outcome.CANCELLED: INTERRUPTED,
}
INFRASTRUCTURE = (Outcome.LOST, Outcome.POISON, Outcome.STAGE_IN, Outcome.STAGE_OUT, Outcome.UNKILLABLE)


def of_task(task: TaskView) -> int:
    """What a shell would have seen of the task's last attempt."""
    if task.outcome == Outcome.FAILED and task.code:
        return task.code if task.code > 0 else 128 - task.code
    return next((code for outcome, code in _WITHOUT_CODE.items() if outcome == task.outcome), 1)


def of_jobs(jobs: Sequence[JobView]) -> int:
    """0 if everything succeeded."""
    return 0 if all(job.state == "SUCCEEDED" for job in jobs) else 1


def of_infrastructure(tasks: Sequence[TaskView]) -> int:
    """0 unless something failed that was not the tasks' own doing."""
    return 1 if any(task.outcome in INFRASTRUCTURE for task in tasks) else 0
