"""Workers: who is there, keeping work from them, and how one joins."""

from collections.abc import Sequence

from paceline.core.views import worker_view
from paceline.model.events import DrainAsked
from paceline.model.ids import WorkerId
from paceline.model.views import WorkerView
from paceline.model.worker import WorkerState
from paceline.server import caller
from paceline.server.auth import Principal
from paceline.server.fleet import Fleet

GONE = (WorkerState.LOST, WorkerState.LEFT)


def workers(fleet: Fleet) -> list[WorkerView]:
    """Every worker there is or was."""
    return [worker_view(worker) for worker in fleet.cluster.workers.values()]


def present(views: Sequence[WorkerView]) -> list[WorkerView]:
    """Those that are not gone."""
    return [view for view in views if view.state not in GONE]


async def drain(fleet: Fleet, worker: WorkerId) -> None:
    """Nothing new for this worker."""
    await fleet.loop.ask(DrainAsked(worker=worker, by=caller.by()))


async def hand_over(fleet: Fleet, worker: WorkerId) -> None:
    """Nothing new for this worker, and what it runs goes on elsewhere."""
    await fleet.loop.ask(DrainAsked(worker=worker, now=True, by=caller.by()))


async def resume(fleet: Fleet, worker: WorkerId) -> None:
    """New work for this worker again."""
    await fleet.loop.ask(DrainAsked(worker=worker, resume=True, by=caller.by()))


async def join(fleet: Fleet, newcomer: Principal, name: str) -> tuple[WorkerId, str]:
    """A number and a key for a newcomer with a join token."""
    fleet.loop.hold.demand()  # before the token is spent
    number = WorkerId(max([fleet.auth.highest_worker(), *fleet.cluster.workers]) + 1)
    text, records = fleet.auth.trade(newcomer, _free_name(fleet, name), number, fleet.clock.now())
    await fleet.loop.keep_now(*records)
    return number, text


def _free_name(fleet: Fleet, wanted: str) -> str:
    """The name, or ``name-2`` … while another worker has it."""
    taken = {
        name
        for name, number in fleet.auth.worker_names().items()
        if number not in fleet.cluster.forgotten
        and ((known := fleet.cluster.workers.get(number)) is None or known.state not in GONE)
    }
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}-{count}"
    return name
