"""``GET /metrics``: the server's numbers, for Prometheus. Takes a token, and a read token is enough."""

from typing import Any

from litestar import Request, Response, get

from paceline.server.metrics import exposition
from paceline.server.rest.here import Here


@get("/metrics", include_in_schema=False)
async def metrics(fleet: Here, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Text, in the form that the scraper accepts."""
    text, media_type = await exposition(fleet, request.headers.get("accept", ""))
    return Response(text, media_type=media_type)
