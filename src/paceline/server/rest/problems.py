"""Errors as people and programs read them over HTTP: RFC 9457, with our ``code`` and ``hint``."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec

from paceline.config import PAYLOAD_LIMIT
from paceline.model.errors import PacelineError, UsageError
from paceline.server.rest import mistakes
from paceline.telemetry import log
from paceline.wire.status import http_status

MEDIA_TYPE = "application/problem+json"
BODY_LIMIT = 4 * PAYLOAD_LIMIT
"""Bytes of one request."""

NO_METHOD = "(which?)"
"""In the place of a method: which ones does the path take?"""
_REPORT = "the server's log says what; please report it"
_log = log("server")

TITLES = {
    400: "the request is wrong",
    401: "who are you?",
    403: "not allowed",
    404: "there is no such thing",
    405: "this cannot be done here",
    406: "no such form of answer",
    409: "contradicts what is already so",
    413: "the request is too large",
    415: "no such form of request",
    422: "no worker could ever run it",
    426: "versions too far apart",
    429: "not now",
    500: "the server's own mistake",
}


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What went wrong. ``detail`` names the thing and its value, ``hint`` what to do about it."""

    title: str
    status: int
    detail: str
    code: str
    hint: str = ""
    type: str = "about:blank"


def problem(error: PacelineError) -> Problem:
    """One of our errors."""
    status = http_status(error)
    return Problem(title=TITLES[status], status=status, detail=error.message, code=error.code, hint=error.hint)


def ours(request: Request[Any, Any, Any], error: PacelineError) -> Response[Problem]:
    """What a handler raised on purpose."""
    return _response(problem(error))


def theirs(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework found in the request."""
    if error.status_code == 405:
        return _takes(request, (error.headers or {}).get("allow", ""))
    mistake = mistakes.understood(request, error) if error.status_code == 400 else None
    if mistake is not None:
        return ours(request, mistake)
    status = error.status_code
    title = TITLES.get(status, "the request cannot be answered")
    detail, hint = _told(request, error)
    return _response(Problem(title=title, status=status, detail=detail, code=_code(status), hint=hint), error.headers)


def too_deep(request: Request[Any, Any, Any], error: RecursionError) -> Response[Problem]:
    """JSON in JSON in JSON …"""
    return ours(request, UsageError("body: is nested too deeply"))


def no_text(request: Request[Any, Any, Any], error: UnicodeDecodeError) -> Response[Problem]:
    """Bytes that are nobody's letters."""
    return ours(request, UsageError(f"body: is not UTF-8 text: {error.reason}"))


def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """A mistake of ours: told to the log in full, and to nobody else."""
    _log.error("no answer", error, method=request.scope["method"], path=request.scope["path"])
    told = Problem(title=TITLES[500], status=500, detail="something went wrong here", code="ERROR", hint=_REPORT)
    return _response(told)


def _takes(request: Request[Any, Any, Any], allow: str) -> Response[Any]:
    """Which methods a path takes, for who asked, and for who took another."""
    methods = {*allow.split(", "), *(["HEAD"] if "GET" in allow else [])}
    headers = {"allow": ", ".join(sorted(methods))}
    path, method = request.scope["path"], str(request.scope["method"])
    if method == NO_METHOD:
        return Response(None, status_code=204, headers=headers)
    told = Problem(
        title=TITLES[405],
        status=405,
        detail=f"{path}: takes no {method}",
        code="METHOD",
        hint=f"it takes {headers['allow']}",
    )
    return _response(told, headers)


def _told(request: Request[Any, Any, Any], error: HTTPException) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    path = request.scope["path"]
    match error.status_code:
        case 404:
            return f"{path}: there is no such path", "GET /api/schema/openapi.json lists all"
        case 413:
            return f"the body is larger than {BODY_LIMIT:,} bytes", "put large data into a file, and name that"
    return f"body: {error.detail}" if error.status_code == 400 else error.detail, ""


def responses(*statuses: int) -> dict[int, ResponseSpec]:
    """For a route's description: problems besides those that every route of its form may answer with."""
    return {status: ResponseSpec(Problem, description=TITLES[status], media_type=MEDIA_TYPE) for status in statuses}


def _code(status: int) -> str:
    return {404: "NOT_FOUND", 413: "TOO_LARGE"}.get(status, "USAGE" if status < 500 else "ERROR")


def _response(told: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    return Response(told, status_code=told.status, media_type=MEDIA_TYPE, headers=headers)


def body(error: PacelineError) -> bytes:
    """For what stands outside the framework."""
    return msgspec.json.encode(problem(error))
