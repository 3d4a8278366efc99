"""Workers, as the server sees them."""

from collections.abc import Iterable, Sequence

from paceline.cli.doctor.finding import Finding, ok, problem, warning
from paceline.cli.doctor.surroundings import Surroundings
from paceline.cli.doctor.visit import Visit, of_visit
from paceline.cli.words import age
from paceline.core.worker import DRAIN_ASKED
from paceline.model.views import WorkerView
from paceline.model.worker import WorkerState

_SHOWN = 5


@of_visit
async def workers(around: Surroundings, visit: Visit) -> Iterable[Finding]:
    """Who is ready, and of everybody else why not."""
    views = await visit.client.workers(all=True)
    server = visit.client.options.address
    return judged(views, now=around.clock.now() + visit.ahead, server=server, version=visit.info.version)


def judged(views: Iterable[WorkerView], *, now: float, server: str, version: str) -> Sequence[Finding]:
    """``now`` by the server's clock; ``server``: its address; ``version``: its own."""
    latest = {each.name: each for each in sorted(views, key=lambda view: view.worker)}
    there = [each for each in latest.values() if each.state != WorkerState.LEFT]
    ready = [each for each in there if each.state == WorkerState.READY]
    first = _ready(ready) if ready else _nobody(server)
    return [first, *(_absent(each, now, server) for each in there if each not in ready), *_versions(ready, version)]


def _ready(ready: Sequence[WorkerView]) -> Finding:
    names = [each.name for each in ready]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ok(f"ready: {', '.join(names[:_SHOWN])}{more}", ready=names)


def _nobody(server: str) -> Finding:
    return problem("no worker is ready: nothing can run", f"start one: paceline worker --server {server}", ready=[])


def _absent(view: WorkerView, now: float, server: str) -> Finding:
    """AWAY, LOST or DRAINING."""
    silent = age(now - view.seen_at)
    fields = {"worker": view.name, "state": view.state, "host": view.machine.host, "reason": view.reason}
    again = f"start it again on {view.machine.host}: paceline worker --name {view.name} --server {server}"
    if view.state == WorkerState.DRAINING:
        resume = f"give it work again: paceline worker resume {view.name}"
        todo = resume if view.reason == DRAIN_ASKED else "see to what it says; it takes work again by itself"
        return warning(f"{view.name} drains ({view.reason}): it takes nothing new", todo, **fields)
    if view.state == WorkerState.AWAY:
        todo = f"see whether {view.machine.host} is up and reaches {server}: paceline doctor there"
        return warning(f"{view.name} is away: its connection broke, silent for {silent}", todo, **fields)
    return warning(f"{view.name} is lost: silent for {silent}, what it ran has gone to others", again, **fields)


def _versions(ready: Sequence[WorkerView], server: str) -> list[Finding]:
    other = {each.name: each.machine.version for each in ready if each.machine.version not in ("", server)}
    if not other:
        return []
    told = ", ".join(f"{name} {version}" for name, version in other.items())
    found = f"of another version than the server ({server}): {told}"
    return [warning(found, "upgrade the older ones when it suits: pip install --upgrade paceline", versions=other)]
