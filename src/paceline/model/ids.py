"""Names of things. A number given out once is never given out again."""

from typing import NamedTuple, NewType

JobId = NewType("JobId", int)
"""Counted by the server from 1."""

WorkerId = NewType("WorkerId", int)
"""Given when a worker joins; stays with its key through restarts of the agent."""

Incarnation = NewType("Incarnation", int)
"""One start of a worker's agent: nanoseconds of its clock at start, so a later start is larger."""


class TaskId(NamedTuple):
    """One runnable thing of a job. Written ``3.17``; a job of one task is just ``3`` (index 0)."""

    job: JobId
    index: int  # type: ignore[assignment]  # a field, not tuple.index

    def __str__(self) -> str:
        return f"{self.job}.{self.index}"


class AttemptId(NamedTuple):
    """A numbered try of a task. The number is the fencing token: it only grows, and every report carries it."""

    job: JobId
    index: int  # type: ignore[assignment]  # a field, not tuple.index
    number: int

    @property
    def task(self) -> TaskId:
        return TaskId(self.job, self.index)

    def __str__(self) -> str:
        return f"{self.job}.{self.index}#{self.number}"


def token_id(digest: str) -> str:
    """What a credential is called by: enough of its hash to tell it from any other."""
    return digest[:12]


def parse_attempt(key: str) -> AttemptId:
    """``3.17#2`` read back. Raises ValueError for what is none."""
    task, number = split_attempt(key)
    job, _, index = task.partition(".")
    return AttemptId(JobId(int(job)), int(index), number)


def split_attempt(key: str) -> tuple[str, int]:
    """``3.17#2`` → what was tried, and the number: outside of a fleet it may be called anything. Raises ValueError."""
    task, _, number = key.rpartition("#")
    return task, int(number)
