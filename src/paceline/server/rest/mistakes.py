"""What is wrong with a request, in our words: the parameter or field, its value, and the nearest valid one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias, get_args

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition

from paceline.model.errors import UsageError
from paceline.server.rest.nearest import nearest

AnyRequest: TypeAlias = Request[Any, Any, Any]

_PHRASES: Sequence[tuple[re.Pattern[str], str, str]] = (
    (re.compile(r"Expected `int`, got .*"), "is not a whole number", "such as 10"),
    (re.compile(r"Expected `float`, got .*"), "is not a number", "such as 0.5"),
    (re.compile(r"Expected `bool`, got .*"), "is neither true nor false", ""),
    (re.compile(r"Expected `(?:int|float)` >= (\S+)"), "is less than {0}", "{0}"),
    (re.compile(r"Expected `(?:int|float)` <= (\S+)"), "is more than {0}", "{0}"),
    (re.compile(r"Expected `str` of length <= (\d+)"), "is longer than {0} characters", ""),
    (re.compile(r"Expected `array` of length <= (\d+)"), "holds more than {0}", ""),
    (re.compile(r"Expected `object`, got .*"), "is not a JSON object", "such as {{}}"),
)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")


async def refuse_unknown(request: AnyRequest) -> None:
    """Raises UsageError for a query parameter that the route does not know: what is misspelt must not be ignored."""
    if not request.scope["query_string"]:
        return
    known = _query_names(request.route_handler)
    for name in request.query_params:
        if name not in known:
            raise UsageError(f"{name}: there is no such parameter here", hint=nearest(name, sorted(known)))


def understood(request: AnyRequest, error: HTTPException) -> UsageError | None:
    """What the framework found wrong with the values, as our own error; None: it is about something else."""
    found = error.extra if isinstance(error.extra, list) else []
    for each in found:
        if isinstance(each, dict) and "message" in each:
            return _mistake(request, str(each.get("key", "body")), str(each["message"]))
    return None


def _mistake(request: AnyRequest, key: str, message: str) -> UsageError:
    field = _fields(request.route_handler).get(key)
    if field is None or key == "data":
        return _in_body(request.route_handler, key, message)
    name = _name(field)
    value = request.query_params.get(name, request.headers.get(name, request.path_params.get(name, "")))
    words = _words(field.annotation)
    if message.startswith("Invalid enum value"):
        return UsageError(f"{name}: there is no {name} {value!r}", hint=nearest(str(value), words))
    told, hint = _phrase(message)
    return UsageError(f"{name}: {value!r} {told}", hint=hint)


def _in_body(handler: HTTPRouteHandler, key: str, message: str) -> UsageError:
    field = _fields(handler).get("data")
    known = {each.encode_name: each.type for each in msgspec.structs.fields(field.annotation)} if field else {}
    if unknown := _UNKNOWN.fullmatch(message):
        return UsageError(f"{unknown[1]}: unknown field", hint=nearest(unknown[1], sorted(known)))
    if message.startswith("Invalid enum value"):
        value = message.removeprefix("Invalid enum value ")
        return UsageError(f"{key}: there is no {key} {value}", hint=nearest(value.strip("'"), _words(known.get(key))))
    if message in ("'data'", "Object missing required field `data`"):
        return UsageError("body: is missing", hint=f"JSON with {', '.join(known)}")
    if missing := _MISSING.fullmatch(message):
        return UsageError(f"{missing[1]}: is missing")
    told, hint = _phrase(message)
    return UsageError(f"{'body' if key == 'data' else key}: {told}", hint=hint)


def _phrase(message: str) -> tuple[str, str]:
    for pattern, told, hint in _PHRASES:
        if match := pattern.fullmatch(message):
            return told.format(*match.groups()), hint.format(*match.groups())
    return message[:1].lower() + message[1:], ""


@cache
def _query_names(handler: HTTPRouteHandler) -> frozenset[str]:
    return frozenset(_name(field) for field in _fields(handler).values() if _is_query(handler, field))


def _is_query(handler: HTTPRouteHandler, field: FieldDefinition) -> bool:
    definition = field.kwarg_definition
    if isinstance(definition, ParameterKwarg):
        return definition.param_type == "query" and f"{{{field.name}:" not in "".join(handler.paths)
    return not field.is_di_field and field.name not in ("fleet", "data", "body", "request", "headers", "scope", "state")


def _fields(handler: HTTPRouteHandler) -> Mapping[str, FieldDefinition]:
    return handler.parsed_fn_signature.parameters


def _name(field: FieldDefinition) -> str:
    definition = field.kwarg_definition
    return (definition.name if isinstance(definition, ParameterKwarg) else None) or field.name


def _words(annotation: object) -> list[str]:
    """The words that a type lists."""
    return list(_listed(annotation))


def _listed(annotation: object) -> Iterator[str]:
    for each in get_args(annotation):
        if isinstance(each, str):
            if each:
                yield each
        else:
            yield from _listed(each)
