"""Workers: who is there, what they have, and keeping work from them."""

from typing import Annotated

from litestar import Router, get, post
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from paceline.model.errors import NotFound
from paceline.model.ids import WorkerId
from paceline.model.views import WorkerView
from paceline.server.fleet import Fleet
from paceline.server.operations import workers
from paceline.server.rest.here import Here
from paceline.server.rest.page import Page

Gone = Annotated[bool, QueryParameter(description="Also those that are lost or have left.")]
Now = Annotated[bool, QueryParameter(description="Interrupt what it runs.")]
Name = Annotated[str, PathParameter(description="A worker's number, or its name.", examples=[Example(value="1")])]


@get("/")
async def listed(fleet: Here, gone: Gone = False) -> Page[WorkerView]:
    """All workers, by number."""
    views = workers.workers(fleet)
    return Page(items=views if gone else workers.present(views))


@get("/{worker:str}")
async def one(fleet: Here, worker: Name) -> WorkerView:
    """One worker."""
    return _find(fleet, worker)


@post("/{worker:str}/drain", status_code=200)
async def drain(fleet: Here, worker: Name, now: Now = False) -> WorkerView:
    """Give it nothing new.

    With `now` what it runs is interrupted, and goes on elsewhere.
    """
    number = WorkerId(_find(fleet, worker).worker)
    await (workers.hand_over if now else workers.drain)(fleet, number)
    return _find(fleet, worker)


@post("/{worker:str}/resume", status_code=200)
async def resume(fleet: Here, worker: Name) -> WorkerView:
    """Give it work again."""
    await workers.resume(fleet, WorkerId(_find(fleet, worker).worker))
    return _find(fleet, worker)


def _find(fleet: Fleet, word: str) -> WorkerView:
    """By number, or by name: the one that is there, before those that are gone."""
    named = [view for view in workers.workers(fleet) if word in (str(view.worker), view.name)]
    if not named:
        raise NotFound(f"there is no worker {word!r}", hint="GET /api/workers lists them")
    return (workers.present(named) or named)[-1]


ROUTES = Router("/workers", route_handlers=[listed, one, drain, resume], tags=["workers"])
