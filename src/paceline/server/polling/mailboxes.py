"""Whose mailbox is whose, and who has none because it has to register (again)."""

import re
from collections.abc import Sequence

from paceline.core.worker import Worker
from paceline.model.errors import Forbidden, NotFound
from paceline.model.events import WorkerJoined
from paceline.model.ids import AttemptId, Incarnation, WorkerId
from paceline.model.worker import Machine, WorkerState
from paceline.server.auth import Principal
from paceline.server.fleet import Fleet
from paceline.server.links import Links
from paceline.server.polling.mailbox import Handed, Mailbox, by_job

_OUT = (WorkerState.LOST, WorkerState.LEFT)


class Mailboxes:
    """All of them."""

    def __init__(self, fleet: Fleet, links: Links) -> None:
        self._fleet = fleet
        self._links = links
        self._boxes: dict[WorkerId, Mailbox] = {}

    def find(self, worker: WorkerId) -> Mailbox | None:
        """The worker's; None if it has none, or none any more."""
        box = self._boxes.get(worker)
        return box if box is not None and not box.closed else None

    async def open(self, caller: Principal, found: Machine, held: Sequence[AttemptId]) -> Mailbox:
        """A new one: from here on this is how the worker is reached."""
        fleet, worker = self._fleet, caller.worker
        known = fleet.cluster.workers.get(worker)
        incarnation = Incarnation(max(int(fleet.clock.now() * 1e9), known.incarnation + 1 if known else 0))
        box = self._boxes[worker] = self._links.install(
            worker, incarnation, lambda number, mine: Mailbox(number, mine, worker, fleet.clock, fleet.loop.post)
        )
        now = fleet.clock.steady()
        box.handed.update((attempt, Handed(since=now)) for attempt in held)
        await self.introduce(box, caller.name, found, held)
        return box

    async def introduce(self, box: Mailbox, name: str, found: Machine, held: Sequence[AttemptId]) -> None:
        """Tell the core who it is, what it can do, and what it has."""
        joined = WorkerJoined(
            worker=box.worker,
            name=name,
            incarnation=box.incarnation,
            machine=found,
            held=list(by_job(dict.fromkeys(held))),
            link=box.number,
        )
        await self._fleet.loop.ask(joined)

    def present(self, caller: Principal, worker_id: str) -> Mailbox:
        """The caller's. Raises NotFound for one that has to register again, and says why."""
        demand_own(caller, worker_id)
        worker = self._fleet.cluster.workers.get(caller.worker)
        box = self._boxes.get(caller.worker)
        if box is not None and not box.closed and worker is not None and worker.state not in _OUT:
            return box
        if box is not None:
            self.close(box)
        raise NotFound(
            f"worker {caller.name!r} is not registered: {_why(worker, box)}",
            hint="call RegisterWorker again with this key, and name in `held` what still runs",
        )

    def close(self, box: Mailbox) -> None:
        """It has left, or is lost."""
        self._links.close(box.worker, box)
        box.close()


def _why(worker: Worker | None, box: Mailbox | None) -> str:
    if worker is not None and worker.state is WorkerState.LEFT:
        return "it has left (TERMINATED)"
    if worker is not None and worker.state is WorkerState.LOST:
        return worker.reason
    return "this server has not heard of it since it was started" if box is None else "its key is in use elsewhere"


def demand_own(caller: Principal, worker_id: str) -> None:
    """Raises Forbidden for another worker's name. What it asked for is its name too, if it was given ``name-2``."""
    known = (caller.name, re.sub(r"-\d+$", "", caller.name), str(caller.worker), "")
    if worker_id not in known:
        raise Forbidden(
            f"worker_id: this key belongs to worker {caller.name!r}, not to {worker_id!r}",
            hint="send the worker_id that RegisterWorker answered, or none",
        )
