"""Open jobs whose client is gone.

An Executor's job stays open while tasks may still be appended. A client that ends says so; one that is killed cannot.
So a job that no session has held for ten minutes (a client that lost its connection is back within one) is closed: its
tasks run on, and it can be over.
"""

import asyncio
from collections import Counter

from paceline.model.events import JobClosed
from paceline.model.ids import JobId
from paceline.server.loop import Loop

PATIENCE = 600.0
"""Seconds without a session until an open job is closed."""


class OpenJobs:
    """Which open jobs have a session that may append to them."""

    def __init__(self, loop: Loop, patience: float = PATIENCE) -> None:
        self._loop = loop
        self._patience = patience
        self._sessions: Counter[JobId] = Counter()

    def expect_back(self) -> None:
        """After a start: the clients of what is open have as long as after a lost connection."""
        for job in self._loop.scheduler.cluster.jobs.values():
            if job.open:
                self._close_later(job.id)

    def hold(self, job: JobId) -> None:
        """A session works with the job."""
        self._sessions[job] += 1

    def let_go(self, job: JobId) -> None:
        """That session ended."""
        self._sessions[job] -= 1
        if not self._sessions[job]:
            del self._sessions[job]
            self._close_later(job)

    def _close_later(self, job: JobId) -> None:
        asyncio.get_running_loop().call_later(self._patience, self._close, job)

    def _close(self, number: JobId) -> None:
        job = self._loop.scheduler.cluster.jobs.get(number)
        if job is not None and job.open and number not in self._sessions:
            self._loop.post(JobClosed(job=number))
