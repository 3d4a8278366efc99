"""A task, its attempts, and how an attempt can end.

The promise: *at-least-once execution, exactly-once recording*. An attempt ends in one of the outcomes below; the table
says what each one means for the task: whose fault it was, whether a further attempt may follow, whether the worker's
death makes the task suspicious. Nothing else in Paceline repeats these judgements.
"""

from dataclasses import dataclass
from enum import StrEnum


class TaskState(StrEnum):
    """Where a task stands. ``core/lifecycle.py`` holds the transitions; ``docs/states.md`` draws them."""

    BLOCKED = "BLOCKED"  # a job it comes after has not succeeded yet
    WAITING = "WAITING"  # could start as soon as a worker fits
    BACKOFF = "BACKOFF"  # an attempt ended; the next one has a time
    ASSIGNED = "ASSIGNED"  # a worker holds it
    RUNNING = "RUNNING"  # and has started it
    STOPPING = "STOPPING"  # cancel asked; its processes are not yet known to be gone
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


FINAL_STATES = (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED)
"""Those in which a task, and a job, stays."""


class Outcome(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"  # the program's own doing: exit code, signal, exception
    OOM = "OOM"
    TIMEOUT = "TIMEOUT"
    DISK_LIMIT = "DISK_LIMIT"
    STAGE_IN = "STAGE_IN"
    STAGE_OUT = "STAGE_OUT"
    LAUNCH = "LAUNCH"  # could not be started: no such program, directory, function
    REJECTED = "REJECTED"  # the worker would not take it: bad parameters, result too large
    CANCELLED = "CANCELLED"
    PREEMPTED = "PREEMPTED"
    INTERRUPTED = "INTERRUPTED"  # its worker was drained, or cut off from the server, before it ended
    REQUEUED = "REQUEUED"  # the program asked for another attempt (exit 75)
    RETURNED = "RETURNED"  # held by a worker, never started
    LOST = "LOST"  # the worker, its supervisor or its host vanished
    POISON = "POISON"  # took one worker too many down with it
    DEPENDENCY = "DEPENDENCY"  # a job it comes after did not succeed
    UNKILLABLE = "UNKILLABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an outcome means for the task. ``budget`` names the count in ``Retry`` that a further attempt uses up."""

    budget: str  # "none": final · "failures" · "losses" · "free": always again
    suspicious: bool = False  # the worker may have died of it


JUDGEMENT: dict[Outcome, Judgement] = {
    Outcome.SUCCEEDED: Judgement(budget="none"),
    Outcome.FAILED: Judgement(budget="failures"),
    Outcome.OOM: Judgement(budget="failures"),
    Outcome.TIMEOUT: Judgement(budget="failures"),
    Outcome.DISK_LIMIT: Judgement(budget="failures"),
    Outcome.STAGE_IN: Judgement(budget="losses"),
    Outcome.STAGE_OUT: Judgement(budget="losses"),
    Outcome.LAUNCH: Judgement(budget="failures"),
    Outcome.REJECTED: Judgement(budget="none"),
    Outcome.CANCELLED: Judgement(budget="none"),
    Outcome.PREEMPTED: Judgement(budget="free"),
    Outcome.INTERRUPTED: Judgement(budget="free"),
    Outcome.REQUEUED: Judgement(budget="free"),
    Outcome.RETURNED: Judgement(budget="free"),
    Outcome.LOST: Judgement(budget="losses", suspicious=True),
    Outcome.POISON: Judgement(budget="none"),
    Outcome.DEPENDENCY: Judgement(budget="none"),
    Outcome.UNKILLABLE: Judgement(budget="none"),
}

POISON_LIMIT = 3
"""Suspicious ends after which a task is not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one attempt ended, in full. ``code``: exit code, or minus the signal's number; 0 where neither applies."""

    outcome: Outcome
    code: int = 0
    detail: str = ""
    result: bytes = b""
    seconds: float = 0.0  # from start to end, by the worker's steady clock


def final_state(outcome: Outcome) -> TaskState:
    """The state in which a task stays once its last attempt ended like this."""
    if outcome is Outcome.SUCCEEDED:
        return TaskState.SUCCEEDED
    if outcome in (Outcome.CANCELLED, Outcome.DEPENDENCY):
        return TaskState.CANCELLED
    return TaskState.FAILED
