"""A job's tasks, as a server pages through them."""

import asyncio
from collections.abc import Sequence

from paceline.cli.live.endings import Endings
from paceline.model.views import JobView, TaskView


def over(index: int, at: float = 1100.0) -> TaskView:
    """One that succeeded."""
    return TaskView(
        job=3, index=index, state="SUCCEEDED", attempt=1, worker="w1", outcome="SUCCEEDED", ended_at=at, seconds=1.5
    )


class Tasks:
    """``Client.tasks`` of one job, all of whose tasks wait at first."""

    def __init__(self, count: int) -> None:
        self._views = [TaskView(job=3, index=index, state="WAITING") for index in range(count)]
        self._now = 1000.0
        self.asked = 0

    def over(self, *indexes: int) -> None:
        """These end, one after the other."""
        for index in indexes:
            self._now += 1.0
            self._views[index] = over(index, self._now)

    async def tasks(self, job: int, *, after: int, limit: int) -> Sequence[TaskView]:
        self.asked += 1
        return self._views[after + 1 : after + 1 + limit]


def read_all(endings: Endings, job: JobView) -> list[int]:
    """Indexes of those that are told now."""
    return [task.index for task in asyncio.run(endings.fresh(job))]
