"""Views as JSON: the fields they have, with times as RFC 3339 (null where there is none) and durations in seconds."""

import dataclasses
import json
import math
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence

from paceline.catalog import Model
from paceline.grammar import format_moment
from paceline.model.ids import TaskId
from paceline.model.views import EventView, JobView, ReportView, ResultRow, TaskView


def form(view: object) -> dict[str, object]:
    """One view. Tasks gain an ``id`` such as ``3.17``; JSON texts inside become what they say."""
    values = _plain(view)
    assert isinstance(values, dict)
    match view:
        case TaskView():
            return {"id": str(TaskId(view.job, view.index)), **values}  # type: ignore[arg-type]  # a number all the same
        case JobView():
            return {"id": view.job, **values}
        case ReportView():
            return {**values, "values": json.loads(view.values)}
        case Model():
            return {"id": view.key, **values, "card": _plain(view.said), "bytes": view.bytes, "metric": view.metric}
        case EventView():
            return {**values, "body": json.loads(view.body or "{}")}
    return values


def forms(views: Iterable[object]) -> list[dict[str, object]]:
    """Many of them."""
    return [form(view) for view in views]


def result(row: ResultRow) -> dict[str, object]:
    """A result: what it says if it is JSON (null if there is none), else base64. ``encoding``: "json" or "base64"."""
    values = form(row)
    if not row.result:
        return {**values, "result": None, "encoding": "json"}
    try:
        return {**values, "result": read(row.result), "encoding": "json"}
    except ValueError:
        return {**values, "encoding": "base64"}  # which is what bytes are in JSON


def read(text: bytes) -> object:
    """What it says if it is JSON. Raises ValueError if it is not."""
    return json.loads(text.decode(), parse_constant=_refuse)


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is no JSON")


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return {field.name: _named(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _named(str(key), each) for key, each in value.items()}
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _named(name: str, value: object) -> object:
    return _moment(value) if name == "at" or name.endswith("_at") else _plain(value)


def _moment(at: object) -> str | None:
    return format_moment(at) if isinstance(at, float | int) and at else None
