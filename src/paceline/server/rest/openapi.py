"""The API's description, OpenAPI 3.1. Litestar makes it from the routes; what all of them have in common is said here.

A route's docstring is its summary (the first line) and its description (the rest). What else it may answer follows
from what it takes: a path names something that may not exist, a body may be too large.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, OpenAPIMediaType, Operation, Reference, RequestBody, SecurityScheme, Tag
from litestar.types import ControllerRouterHandler

from paceline import __version__
from paceline.orders.jobfile.schema import components
from paceline.server.rest import problems
from paceline.server.rest.door import OPEN

ABOUT = """\
One queue over every machine you have; the same operations as over gRPC.

Times are seconds since 1970, durations seconds, sizes bytes. Lists come in pages: give `next` as `after` for the one
that follows; an empty `next` says that there are no more. An error is `application/problem+json` (RFC 9457), with a
`code` for programs and a `hint` for people.
"""
TAGS: Mapping[str, str] = {
    "jobs": "What is submitted.",
    "tasks": "The runnable things of a job: where each stands and why, its attempts and what they wrote.",
    "workers": "Who runs it.",
    "models": "The catalogue of what was trained.",
    "events": "What was decided and kept, and who wanted it.",
    "tokens": "Credentials.",
    "server": "Who answers.",
    "health": "Whether anybody does. These take no token.",
}
HANDED = ("fleet", "feed")
"""What handlers are handed: nothing that anybody has to say."""
BEARER = SecurityScheme(
    type="http", scheme="bearer", description="`paceline token create --admin`, or `--read` to see and not to touch."
)


@dataclass
class JobFile(Operation):
    """One that takes a job file's content."""

    def __post_init__(self) -> None:
        schema = Reference("#/components/schemas/JobFile")
        self.request_body = RequestBody(required=True, content={"application/json": OpenAPIMediaType(schema=schema)})


@dataclass
class MaySayNothing(Operation):
    """One whose body may be left out."""

    def __post_init__(self) -> None:
        if isinstance(self.request_body, RequestBody):
            self.request_body.required = False


def text(routes: Sequence[ControllerRouterHandler]) -> bytes:
    """The description of these routes, as JSON."""
    return msgspec.json.format(msgspec.json.encode(document(routes)), indent=2) + b"\n"


def document(routes: Sequence[ControllerRouterHandler]) -> dict[str, Any]:
    """The same, as what the JSON stands for."""
    described = _described(routes)
    described["components"]["schemas"].update(components("#/components/schemas/{name}"))
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return described


def _described(routes: Sequence[ControllerRouterHandler]) -> dict[str, Any]:
    """What Litestar makes of the routes. This application answers nobody."""
    config = OpenAPIConfig(
        title="Paceline",
        version=__version__,
        description=ABOUT,
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
        tags=[Tag(name=name, description=told) for name, told in TAGS.items()],
        components=Components(security_schemes={"token": BEARER}),
        security=[{"token": []}],
    )
    app = Litestar(list(routes), dependencies=dict(map(_nothing, HANDED)), openapi_config=config, logging_config=None)
    return app.openapi_schema.to_schema()


def _nothing(name: str) -> tuple[str, Provide]:
    return name, Provide(lambda: None, sync_to_thread=False)


def _operation_id(handler: HTTPRouteHandler, method: object, path: object) -> str:
    """``jobs_cancel``: the noun's module, and what is done."""
    return f"{handler.fn.__module__.rpartition('.')[2]}_{handler.handler_name}"


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    summary, _, rest = operation.pop("description", "").partition("\n")
    operation["summary"] = summary.removesuffix(".")
    if rest.strip():
        operation["description"] = rest.strip()
    if path in OPEN:
        operation["security"] = []
    answers = operation["responses"]
    for answer in answers.values():
        headers = sorted(answer.pop("headers", {}).items())  # Litestar keeps them in a set
        if headers:
            answer["headers"] = {name: {**told, "schema": {"type": "string"}} for name, told in headers}
    answers.pop("400", None)  # Litestar's own, which nobody ever sees
    for status in sorted({*_refusals(path, method, operation), *(int(s) for s in answers if s[0] in "45")}):
        if status != 503:
            answers[str(status)] = _problem(status)


def _refusals(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[int]:
    """Statuses of problems that this operation may answer with."""
    yield 403  # a foreign Host or Origin, whatever it is
    if path not in OPEN:
        yield 401
    if path.startswith("/api/"):
        yield 400
    if "{" in path:
        yield 404
    if "requestBody" in operation:
        yield 413
    if method != "get":
        yield 429


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": problems.TITLES[status].capitalize(),
        "content": {problems.MEDIA_TYPE: {"schema": schema}},
    }
