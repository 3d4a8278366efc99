"""What rows mean for a task. The same for every store, so that they cannot disagree.

A task has no row: it is over once an attempt of it ended for good, or once a cancel covers it and no attempt is out.
"""

from collections.abc import Callable, Iterator, Sequence

from paceline.model.job import JobSpec
from paceline.model.records import AttemptRow, CancelKept
from paceline.model.task import Outcome, TaskState, final_state


def count_tasks(spec: JobSpec) -> int:
    """Tasks that a job has from its ranges. An open one has those that are appended to it."""
    return 0 if spec.open else sum(len(range(r.start, r.stop, r.step)) for r in spec.ranges)


def task_state(outcome: str, retry_at: float) -> TaskState:
    """Where a task stands after an attempt. Empty ``outcome``: the attempt is not over."""
    if not outcome:
        return TaskState.ASSIGNED
    return TaskState.BACKOFF if retry_at else final_state(Outcome(outcome))


def wanted(attempts: Sequence[AttemptRow], cancels: Sequence[CancelKept]) -> Callable[[int], bool]:
    """Whether the task of an index is not over."""
    out = {attempt.index for attempt in attempts if not attempt.outcome}
    final = {attempt.index for attempt in attempts if attempt.outcome and not attempt.retry_at}
    covers = list(_coverage(cancels))

    def is_wanted(index: int) -> bool:
        return index not in final and (index in out or not any(index in cover for cover in covers))

    return is_wanted


def _coverage(cancels: Sequence[CancelKept]) -> Iterator[range]:
    for cancel in cancels:
        if not cancel.ranges:
            yield range(1 << 62)
        yield from (range(r.start, r.stop, r.step) for r in cancel.ranges)
