"""The event log: what was decided and kept, when, and who wanted it."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Router, get
from litestar.params import QueryParameter

from paceline.model.queries import Events
from paceline.model.views import EventView
from paceline.server.operations.events import kinds_of
from paceline.server.rest.here import Here
from paceline.server.rest.page import Page
from paceline.server.rest.words import After, Limit

Kinds = Annotated[
    Sequence[str],
    QueryParameter(description="Only of these kinds: `job_over`; `job` for all that begin so.", max_items=20),
]


@get("/")
async def listed(  # noqa: PLR0913 - what a query names
    fleet: Here,
    after: After = 0,
    limit: Limit = 100,
    kind: Annotated[
        Sequence[str],
        QueryParameter(description="Only lines of these kinds, `job_over`, or all that begin so: `job`.", max_items=20),
    ] = (),
    subject: Annotated[str, QueryParameter(description="Only lines about this job's number, this worker …")] = "",
    since: Annotated[float, QueryParameter(description="Only from this time on, in seconds since 1970.", ge=0)] = 0.0,
    newest: Annotated[bool, QueryParameter(description="The last lines instead of the first.")] = False,
) -> Page[EventView]:
    """The event log, oldest first. `body` is a JSON object, as text.

    With `newest` it is the last `limit` lines, still oldest first, and there is no `next`.
    """
    query = Events(after=max(after, 0), limit=limit, kinds=kinds_of(kind), subject=subject, since=since, newest=newest)
    lines = await fleet.store.read(query)
    return Page(items=lines, next=str(lines[-1].seq) if lines and not newest else "")


ROUTES = Router("/events", route_handlers=[listed], tags=["events"])
