"""The catalogue of models: finding, naming and tagging them, and getting their files."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from litestar import Router, delete, get, patch
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import Stream

from paceline.catalog import Find, Model, Order, Place
from paceline.model.errors import NotFound, UsageError
from paceline.model.file import File
from paceline.server.operations import models
from paceline.server.rest import problems
from paceline.server.rest.here import Here
from paceline.server.rest.nearest import nearest
from paceline.server.rest.page import Page
from paceline.server.rest.words import Limit

Word = Annotated[str, PathParameter(description="A model's key, the beginning of one, or its name.")]
Name = Annotated[str, PathParameter(description="The file's name within the model; it may hold slashes.")]


class Listed(msgspec.Struct, kw_only=True):
    """A model, without its card."""

    key: str
    name: str
    kind: str
    task: str
    metric: str  # the one that it is named by
    metrics: Mapping[str, float]
    tags: Sequence[str]
    attempt: str  # "3.17#1", which made it
    worker: str
    created_at: float  # seconds since 1970
    bytes: int  # of its files
    files: Sequence[File]


class Whole(Listed, kw_only=True):
    """A model with its card: all that its trainer said of it."""

    card: Mapping[str, Any]


class Change(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is not said stays as it is."""

    name: str = ""
    tags_add: Sequence[str] = ()
    tags_remove: Sequence[str] = ()


@get("/")
async def listed(  # noqa: PLR0913 - what a query names
    fleet: Here,
    after: Annotated[str, QueryParameter(description="`next` of the page before.")] = "",
    limit: Limit = 100,
    kind: Annotated[str, QueryParameter(description="Only of this kind: `random_forest` …")] = "",
    task: Annotated[str, QueryParameter(description="Only for this: `classification` …")] = "",
    tag: Annotated[str, QueryParameter(description="Only with this tag.")] = "",
    text: Annotated[str, QueryParameter(description="Only where this occurs in key, name or card.")] = "",
    order: Annotated[Literal["newest", "highest", "lowest"], QueryParameter(description="In which order.")] = "newest",
    metric: Annotated[str, QueryParameter(description="By what, where highest or lowest is asked for.")] = "",
) -> Page[Listed]:
    """Models, newest first, or best first by a metric."""
    query = Find(
        kind=kind, task=task, tag=tag, text=text, order=Order(order), metric=metric, after=_place(after), limit=limit
    )
    found = await models.find(fleet, query)
    return Page(items=[_listed(model) for model in found], next=_cursor(query.place(found[-1])) if found else "")


@get("/{model:str}")
async def one(fleet: Here, model: Word) -> Whole:
    """One model, with its card."""
    return _whole(await models.get(fleet, model))


@patch("/{model:str}", responses=problems.responses(409))
async def change(fleet: Here, model: Word, data: JSONBody[Change]) -> Whole:
    """Give a model another name, or put tags on it and take others off."""
    found = await models.get(fleet, model)
    if data.name:
        found = await models.rename(fleet, found.key, data.name)
    if data.tags_add or data.tags_remove:
        found = await models.tag(fleet, found.key, data.tags_add, data.tags_remove)
    return _whole(found)


@delete("/{model:str}", status_code=200)
async def remove(fleet: Here, model: Word) -> Listed:
    """Take a model out of the catalogue: what it was."""
    return _listed(await models.remove(fleet, model))


@get("/{model:str}/files/{name:path}", media_type="application/octet-stream")
async def file(fleet: Here, model: Word, name: Name) -> Stream:
    """A file of a model, as it is. Its `ETag` is its SHA-256."""
    found = _file(await models.get(fleet, model), name.removeprefix("/"))
    await models.demand_here(fleet, found.sha256)
    return Stream(
        models.download(fleet, found.sha256),
        headers={
            "content-length": str(found.bytes),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name.rpartition('/')[2])}",
            "etag": f'"{found.sha256}"',
        },
    )


def _file(model: Model, name: str) -> File:
    for each in model.files:
        if each.name == name:
            return each
    known = [each.name for each in model.files]
    raise NotFound(f"files: {model.key} has no file {name!r}", hint=nearest(name, known))


def _listed(model: Model) -> Listed:
    return Listed(**_fields(model))


def _whole(model: Model) -> Whole:
    return Whole(**_fields(model), card=model.said)


def _fields(model: Model) -> dict[str, Any]:
    return {name: getattr(model, name) for name in Listed.__struct_fields__}


def _cursor(place: Place) -> str:
    return f"{place.value!r}~{place.key}"


def _place(cursor: str) -> Place | None:
    if not cursor:
        return None
    value, tilde, key = cursor.partition("~")
    try:
        return Place(value=float(value), key=key) if tilde else _no_place(cursor)
    except ValueError:
        return _no_place(cursor)


def _no_place(cursor: str) -> Place:
    raise UsageError(f"after: {cursor!r} is no place in this list", hint="take it from `next` of the page before")


ROUTES = Router("/models", route_handlers=[listed, one, change, remove, file], tags=["models"])
