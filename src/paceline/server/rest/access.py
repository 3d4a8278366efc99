"""What is logged of each request: at the level ``debug`` a line, and of answers that are our own fault always one.

Neither query nor headers are told: both may hold what is nobody else's business.
"""

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from paceline.clock import Clock
from paceline.telemetry import log

_LOG = log("server")


class Access:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = self._clock.steady()

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note(scope, message["status"], self._clock.steady() - began)
            await send(message)

        await self._app(scope, receive, heard)


def _note(scope: Scope, status: int, seconds: float) -> None:
    """``seconds``: until the answer began."""
    if status < 500 and not _LOG.detailed:
        return
    principal = scope.get("state", {}).get("principal")
    by = {"by": principal.name or principal.role} if principal else {}
    say = _LOG.debug if status < 500 else _LOG.error
    say("http", method=scope.get("method", ""), path=scope["path"], status=status, seconds=round(seconds, 6), **by)
