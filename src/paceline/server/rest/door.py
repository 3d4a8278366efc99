"""What stands before every route: under which name we were called, from whose page, with which token.

Deny by default: what ``OPEN`` does not name takes a token, also a path that does not exist. A browser is kept from
acting for somebody else by three things: no cookies at all, a ``Host`` that must be one of ours (so that no foreign
name can be bent to this address), and an ``Origin`` that, where it is said, must be ours too, whatever the method.
From another site's page only a link to the dashboard is followed: it leads a whole window to a page without any data.
"""

from collections.abc import Collection, Mapping
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from paceline.clock import Clock
from paceline.model.errors import Forbidden, NotAllowed, PacelineError
from paceline.server.auth import ANYBODY, Auth, Principal
from paceline.server.caller import visit
from paceline.server.rest import problems
from paceline.wire.listening import hosts_of, split_host
from paceline.wire.status import http_status

OPEN = ("/", "/health", "/ready", "/api/login")
"""Paths that answer anybody: whether we live, and a page without any data. ``/assets/`` is open too."""
QUESTIONS = ("/api/plan",)
"""Paths that are told something and change nothing: a reader may."""
A_LINK = ("GET", "/", "navigate", "document")
"""Method, path, and what a browser says where somebody clicked: in a mail, say, or a chat."""

HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_SEAL = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


class Door:
    """An ASGI application around another. ``hosts``: names besides this machine's own by which we may be called."""

    def __init__(self, app: ASGIApp, auth: Auth, clock: Clock, hosts: Collection[str]) -> None:
        self._app = app
        self._auth = auth
        self._clock = clock
        self._hosts = hosts_of(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:  # uvicorn is told to speak nothing else
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._demand_ours(headers)
            _demand_no_other_site(scope, headers)
            caller = self._admit(scope["method"], scope["path"], headers)
        except PacelineError as error:
            await _refuse(send, error)
            return
        scope.setdefault("state", {})["principal"] = caller
        answer = _Answer(send)
        try:
            with visit(self._auth, caller):
                await self._app(_asked(scope), receive, answer)
        except NotAllowed as error:  # revoked meanwhile; what the routes refuse is answered there
            await answer.cut(error)

    def _demand_ours(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "")
        if split_host(host) not in self._hosts:
            raise Forbidden(f"Host: {host!r} is no name of this server", hint="allow it with --http-host NAME")
        origin = headers.get("origin", "")
        if origin and origin.partition("://")[2] != host:
            raise Forbidden(f"Origin: {origin!r} is another page", hint="call without Origin, or from our own page")

    def _admit(self, method: str, path: str, headers: Mapping[str, str]) -> Principal:
        if path in OPEN or path.startswith("/assets/"):
            return ANYBODY
        kind, _, token = headers.get("authorization", "").partition(" ")
        bearer = token.strip() if kind.lower() == "bearer" else ""
        roles = ("admin", "read") if method in ("GET", "HEAD", "OPTIONS") or path in QUESTIONS else ("admin",)
        return self._auth.holder(roles, bearer, self._clock.now())


def _demand_no_other_site(scope: HTTPScope, headers: Mapping[str, str]) -> None:
    kind = headers.get("sec-fetch-mode", ""), headers.get("sec-fetch-dest", "")
    if headers.get("sec-fetch-site") == "cross-site" and (scope["method"], scope["path"], *kind) != A_LINK:
        raise Forbidden("Sec-Fetch-Site: another site's page sent this")


def _asked(scope: HTTPScope) -> HTTPScope:
    """HEAD asks what GET would say; the server below leaves the body out. What never ends has no length to tell.

    OPTIONS asks what a path takes: Litestar's own answer forgets what was added to a path later, its refusal does not.
    """
    method: Any = scope["method"]
    if method == "HEAD" and not scope["path"].endswith("/live"):
        method = "GET"
    if method == "OPTIONS":
        method = problems.NO_METHOD
    if method == scope["method"]:
        return scope
    asked = scope.copy()
    asked["method"] = method
    return asked


class _Answer:
    """What we say on one request. It carries what browsers are to be told."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            message["headers"] = [*message["headers"], *_SEAL]
        await self._send(message)

    async def cut(self, error: PacelineError) -> None:
        """Nothing more than this, or if it has begun, than what was said."""
        if self._begun:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await _refuse(self._send, error)


async def _refuse(send: Send, error: PacelineError) -> None:
    status = http_status(error)
    start = [(b"content-type", problems.MEDIA_TYPE.encode()), *_SEAL]
    if status == 401:
        start.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": problems.body(error), "more_body": False})
