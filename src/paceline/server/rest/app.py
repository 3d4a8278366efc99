"""All routes, and the one application that they make."""

from collections.abc import Collection, Sequence

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp, ControllerRouterHandler

from paceline import __version__
from paceline.config import PAYLOAD_LIMIT
from paceline.model.errors import PacelineError
from paceline.server.fleet import Fleet
from paceline.server.rest import health, metrics, problems, profile, workers
from paceline.server.rest.door import Door

BODY_LIMIT = 4 * PAYLOAD_LIMIT
"""Bytes of one request."""

API: Sequence[ControllerRouterHandler] = (workers.ROUTES,)
OUTSIDE: Sequence[ControllerRouterHandler] = (health.health, health.ready, metrics.metrics, profile.profile)


def make_app(fleet: Fleet, hosts: Collection[str]) -> ASGIApp:
    """What answers, door included. ``hosts``: further names by which we may be called."""
    return Door(make_routes(fleet), fleet.auth, fleet.clock, hosts)


def make_routes(fleet: Fleet) -> Litestar:
    """What is behind the door."""
    return Litestar(
        [*OUTSIDE, Router("/api", route_handlers=API)],
        dependencies={"fleet": Provide(lambda: fleet, sync_to_thread=False)},
        exception_handlers={PacelineError: problems.ours, HTTPException: problems.theirs},
        openapi_config=OpenAPIConfig(title="Paceline", version=__version__, path="/api/schema"),
        request_max_body_size=BODY_LIMIT,
        logging_config=None,
    )
