"""What is logged of each request: at the level ``debug`` a line, and of answers that are our own fault always one.
And to which trace it belongs.

Neither query nor headers are told: both may hold what is nobody else's business.
"""

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from paceline.clock import Clock
from paceline.server import caller
from paceline.telemetry import log
from paceline.telemetry.traceparent import Traceparent, read

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

        if scope.get("method") == "POST":
            caller.PLACE.set(_place(scope))
        await self._app(scope, receive, heard)


def _place(scope: Scope) -> Traceparent | None:
    told = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
    return read(told.decode("latin-1"))


def _note(scope: Scope, status: int, seconds: float) -> None:
    """``seconds``: until the answer began."""
    if status < 500 and not _LOG.detailed:
        return
    principal = scope.get("state", {}).get("principal")
    by = {"by": principal.name or principal.role} if principal else {}
    say = _LOG.debug if status < 500 else _LOG.error
    say("http", method=scope.get("method", ""), path=scope["path"], status=status, seconds=round(seconds, 6), **by)
