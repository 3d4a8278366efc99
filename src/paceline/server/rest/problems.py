"""Errors as people and programs read them over HTTP: RFC 9457, with our ``code`` and ``hint``."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException

from paceline.model.errors import PacelineError
from paceline.wire.status import http_status

MEDIA_TYPE = "application/problem+json"

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


def theirs(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What the framework found in the request."""
    status = error.status_code
    title = TITLES.get(status, "the request cannot be answered")
    told = Problem(title=title, status=status, detail=_told(error), code=_code(status))
    return _response(told, error.headers)


def _told(error: HTTPException) -> str:
    """The framework's words, and which fields they are about."""
    extra = error.extra if isinstance(error.extra, list) else []
    fields = [f"{each.get('key', 'request')}: {each.get('message', '')}" for each in extra if isinstance(each, dict)]
    return "; ".join(fields) or error.detail


def _code(status: int) -> str:
    return {404: "NOT_FOUND", 405: "METHOD", 413: "TOO_LARGE"}.get(status, "USAGE" if status < 500 else "ERROR")


def _response(told: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    return Response(told, status_code=told.status, media_type=MEDIA_TYPE, headers=headers)


def body(error: PacelineError) -> bytes:
    """For what stands outside the framework."""
    return msgspec.json.encode(problem(error))


__all__ = ["MEDIA_TYPE", "MediaType", "Problem", "body", "ours", "problem", "theirs"]
