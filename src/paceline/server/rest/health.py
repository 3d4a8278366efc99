"""Whether this server lives, and whether it can do anything for anybody."""

import msgspec
from litestar import Response, get

from paceline import __version__
from paceline.server.rest.here import Here


class Health(msgspec.Struct, kw_only=True):
    """``status``: "ok", or "degraded" while nothing new is accepted; ``trouble`` says why."""

    status: str
    version: str
    uptime: float  # seconds
    workers: int
    trouble: str = ""


@get("/health", tags=["health"])
async def health(fleet: Here) -> Health:
    """200 while this process lives."""
    return _health(fleet)


@get("/ready", tags=["health"])
async def ready(fleet: Here) -> Response[Health]:
    """200 while work is accepted, 503 while it is not."""
    told = _health(fleet)
    return Response(told, status_code=503 if told.trouble else 200)


def _health(fleet: Here) -> Health:
    trouble = fleet.trouble
    return Health(
        status="degraded" if trouble else "ok",
        version=__version__,
        uptime=round(fleet.clock.now() - fleet.started_at, 3),
        workers=len(fleet.cluster.workers),
        trouble=f"{trouble.message}; {trouble.hint}" if trouble else "",
    )
