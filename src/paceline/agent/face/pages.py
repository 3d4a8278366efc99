"""The worker's own HTTP: a few pages that anybody at this machine may read.

Open, because nothing in them is secret; but not to pages of other sites, which a browser could be bent to fetch them
for: ``Host`` must be a name of this machine, as it knows it or was told, or a plain address. The one exception is where
the time goes: that takes the worker's key.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from paceline.agent.face import gpus
from paceline.agent.face.metrics import exposition
from paceline.agent.face.vitals import Vitals
from paceline.model.errors import Forbidden, NotAllowed, NotFound, PacelineError
from paceline.profiling.flame import svg
from paceline.profiling.sample import collapsed, sample, seconds_of
from paceline.wire.address import is_local
from paceline.wire.listening import hosts_of, split_host
from paceline.wire.status import http_status

Scope: TypeAlias = Mapping[str, Any]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

SAFE = ((b"x-content-type-options", b"nosniff"), (b"content-security-policy", b"default-src 'none'"))


class Answer(NamedTuple):
    """What is sent back."""

    body: bytes
    media_type: str
    status: int = 200


class Pages:
    """An ASGI application. ``key``: the worker's, which whoever wants a profile must have."""

    def __init__(self, vitals: Vitals, key: str) -> None:
        self._vitals = vitals
        self._key = key
        options = vitals.options
        self._names = hosts_of((options.metrics_host, socket.gethostname(), *options.http_hosts))

    async def __call__(self, scope: Scope, receive: object, send: Send) -> None:
        if scope["type"] != "http":  # uvicorn is told to speak nothing else
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._demand_ours(headers.get("host", ""))
            answer = await self._answer(scope, headers)
        except PacelineError as error:
            answer = _problem(error)
        await _send(send, scope["method"], answer)

    def _demand_ours(self, host: str) -> None:
        name = split_host(host)
        if name not in self._names and not _is_address(name):
            raise Forbidden(
                f"Host: {host!r} is no name of this machine", hint="call it by its address, or --http-host NAME"
            )

    async def _answer(self, scope: Scope, headers: Mapping[str, str]) -> Answer:
        if scope["method"] not in ("GET", "HEAD"):
            return Answer(b"only GET and HEAD\n", "text/plain", 405)
        match scope["path"]:
            case "/metrics":
                devices = await asyncio.to_thread(gpus.read)
                return Answer(*exposition(self._vitals, devices, headers.get("accept", "")))
            case "/health" | "/":
                return Answer(msgspec.json.encode(self._vitals.health()), "application/json")
            case "/debug/profile" | "/debug/pprof/profile":
                return await self._profile(scope, headers)
        raise NotFound(f"there is no {scope['path']} here", hint="GET /metrics, /health")

    async def _profile(self, scope: Scope, headers: Mapping[str, str]) -> Answer:
        self._demand_allowed(scope, headers)
        asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        stacks = await asyncio.to_thread(sample, seconds_of(asked.get("seconds", "")), self._vitals.clock)
        if asked.get("format") == "text":
            return Answer(collapsed(stacks).encode(), "text/plain; charset=utf-8")
        return Answer(svg(stacks, f"paceline worker {self._vitals.options.name}").encode(), "image/svg+xml")

    def _demand_allowed(self, scope: Scope, headers: Mapping[str, str]) -> None:
        if not self._vitals.options.profile:
            raise NotFound("profiling is off", hint="start the worker with --profile")
        if not scope["client"] or not is_local(scope["client"][0]):
            raise Forbidden("a profile is taken from the worker's own machine only")
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if not compare_digest(bearer.encode(), self._key.encode()):
            where = self._vitals.options.directory / "key"
            raise NotAllowed("a profile takes this worker's key", hint=f'Authorization: Bearer "$(cat {where})"')


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _problem(error: PacelineError) -> Answer:
    status = http_status(error)
    told = {"title": error.code, "status": status, "detail": error.message, "code": error.code, "hint": error.hint}
    return Answer(msgspec.json.encode(told), "application/problem+json", status)


async def _send(send: Send, method: str, answer: Answer) -> None:
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        *SAFE,
        *([(b"allow", b"GET, HEAD")] if answer.status == 405 else []),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})
