"""All routes, and the one application that they make."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from litestar import Litestar, Response, Router, get
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, ControllerRouterHandler

from paceline.model.errors import PacelineError
from paceline.server.feed import Feed
from paceline.server.fleet import Fleet
from paceline.server.rest import (
    activity,
    events,
    health,
    info,
    jobs,
    live,
    metrics,
    mistakes,
    models,
    openapi,
    pages,
    problems,
    profile,
    tasks,
    tokens,
    workers,
)
from paceline.server.rest.access import Access
from paceline.server.rest.door import Door

API: Sequence[ControllerRouterHandler] = (
    info.info,
    jobs.ROUTES,
    jobs.plan,
    tasks.ROUTES,
    workers.ROUTES,
    models.ROUTES,
    events.ROUTES,
    *live.ROUTES,
    tokens.listed,
    tokens.create,
    tokens.revoke,
    tokens.login,
)
OUTSIDE: Sequence[ControllerRouterHandler] = (
    health.health,
    health.ready,
    metrics.metrics,
    profile.profile,
    activity.worker_activity,
    pages.page,
    pages.asset,
)

COMPRESSION = CompressionConfig(
    backend="gzip", gzip_compress_level=4, minimum_size=4096, exclude=["/live$", "/files/", "^/$", "^/assets/"]
)
"""Of long lists, a tenth is left. What is sent bit by bit must not wait for more, and files are small already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All routes, before there is a fleet to ask. ``handed``: what their handlers get, by argument."""

    routes: Litestar
    handed: dict[str, object]


def make_app(fleet: Fleet, hosts: Collection[str]) -> ASGIApp:
    """What answers, door included. ``hosts``: further names by which we may be called."""
    return opened(make_site(), fleet, hosts)


def opened(site: Site, fleet: Fleet, hosts: Collection[str]) -> ASGIApp:
    """The same, of routes that are made already."""
    site.handed.update(fleet=fleet, feed=Feed(fleet))
    return Access(Door(site.routes, fleet.auth, fleet.clock, hosts), fleet.clock)


def make_site() -> Site:
    """What is behind the door. Takes a third of a second, and no fleet: that may come later."""
    handed: dict[str, object] = {}
    made = Litestar(
        [*routes(), schema],
        dependencies={name: _provide(handed, name) for name in openapi.HANDED},
        exception_handlers={
            PacelineError: problems.ours,
            HTTPException: problems.theirs,
            RecursionError: problems.too_deep,
            UnicodeDecodeError: problems.no_text,
            Exception: problems.unexpected,
        },
        openapi_config=None,
        compression_config=COMPRESSION,
        request_max_body_size=problems.BODY_LIMIT,
        logging_config=None,
    )
    return Site(routes=made, handed=handed)


def _provide(handed: Mapping[str, object], name: str) -> Provide:
    return Provide(lambda: handed[name], sync_to_thread=False, use_cache=True)


def routes() -> Sequence[ControllerRouterHandler]:
    """Every route, with or without ``/api`` before it."""
    return [*OUTSIDE, Router("/api", route_handlers=API, before_request=mistakes.refuse_unknown)]


@get("/api/schema/openapi.json", include_in_schema=False, media_type="application/vnd.oai.openapi+json")
async def schema() -> Response[bytes]:
    """What this API is, for programs."""
    return Response(description())


@cache
def description() -> bytes:
    """The API's description as JSON."""
    return openapi.text(routes())
