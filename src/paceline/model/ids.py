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
