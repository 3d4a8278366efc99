"""The workers that placement may ask in one step.

Those that changed since they were last asked are few. All that are ready may be ten thousand, and in a full fleet
nobody needs them: they are looked up when the first queue does.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from paceline.core.queue import ResourceClass
from paceline.core.ranking import Ranking
from paceline.core.worker import Worker
from paceline.model.ids import WorkerId
from paceline.model.worker import WorkerState


class Candidates:
    """See the module."""

    def __init__(self, workers: Mapping[WorkerId, Worker], changed: Mapping[WorkerId, Worker]) -> None:
        self._workers = workers
        self.withheld: Worker | None = None
        self.changed = [worker for worker in changed.values() if worker.state is WorkerState.READY]

    @cached_property
    def ready(self) -> list[Worker]:
        """All, in the order in which they first came."""
        return [w for w in self._workers.values() if w.state is WorkerState.READY and w is not self.withheld]

    def of(self, queue: ResourceClass) -> Sequence[Worker]:
        """Those to ask for a queue: after it found no room anywhere, only who changed since."""
        return self.changed if queue.stuck else self.ready

    @cached_property
    def shortlist(self) -> Ranking:
        """Those that changed, by load: for queues in which many jobs ask for a place each."""
        ranking = Ranking()
        ranking.moved = {worker.id: worker for worker in self.changed}
        return ranking

    def booked(self, workers: Iterable[Worker]) -> None:
        """They may have less room than they had."""
        if "shortlist" in self.__dict__:
            self.shortlist.moved.update((worker.id, worker) for worker in workers)

    def withhold(self, worker: Worker) -> None:
        """Ask this one no more."""
        self.withheld = worker
        if "ready" in self.__dict__:
            self.ready.remove(worker)
        if worker in self.changed:
            self.changed.remove(worker)
