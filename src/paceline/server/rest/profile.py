"""``GET /debug/profile``: where the server spends its time. Off unless it was started so, and never from outside."""

import asyncio
from typing import Any

from litestar import Request, Response, get

from paceline.model.errors import Forbidden, NotFound
from paceline.profiling.flame import svg
from paceline.profiling.sample import collapsed, sample, seconds_of
from paceline.server.fleet import Fleet
from paceline.server.rest.here import Here
from paceline.wire.address import is_local


@get("/debug/profile", include_in_schema=False)
async def profile(fleet: Here, request: Request[Any, Any, Any]) -> Response[str]:
    """A flame graph of the next ``?seconds=5``; with ``?format=text`` the stacks that it is drawn from."""
    _demand_allowed(fleet, request)
    asked = request.query_params
    stacks = await asyncio.to_thread(sample, seconds_of(asked.get("seconds", "")), fleet.clock)
    if asked.get("format") == "text":
        return Response(collapsed(stacks), media_type="text/plain")
    return Response(svg(stacks, "paceline server"), media_type="image/svg+xml")


def _demand_allowed(fleet: Fleet, request: Request[Any, Any, Any]) -> None:
    if not fleet.profile:
        raise NotFound("profiling is off", hint="start the server with --profile")
    if request.scope["state"]["principal"].role != "admin":
        raise Forbidden("a profile takes an admin token")
    if request.client is None or not is_local(request.client.host):
        raise Forbidden("a profile is taken from the server's own machine only")
