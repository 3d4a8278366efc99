"""Views as JSON: the fields they have, with times as RFC 3339 (null where there is none) and durations in seconds."""

from collections.abc import Iterable

import msgspec

from paceline.model.ids import TaskId
from paceline.model.views import EventView, JobView, ReportView, ResultRow, TaskView
from paceline.sdk.grammar import format_moment


def form(view: object) -> dict[str, object]:
    """One view. Tasks gain an ``id`` such as ``3.17``; JSON texts inside become what they say."""
    values = _timed(msgspec.to_builtins(view))
    assert isinstance(values, dict)
    match view:
        case TaskView():
            return {"id": str(TaskId(view.job, view.index)), **values}  # type: ignore[arg-type]  # a number all the same
        case JobView():
            return {"id": view.job, **values}
        case ReportView():
            return {**values, "values": msgspec.json.decode(view.values)}
        case EventView():
            return {**values, "body": msgspec.json.decode(view.body or "{}")}
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
        return {**values, "result": msgspec.json.decode(row.result), "encoding": "json"}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {**values, "encoding": "base64"}  # which is what bytes are in JSON


def _timed(value: object) -> object:
    if isinstance(value, list):
        return [_timed(each) for each in value]
    if isinstance(value, dict):
        return {key: _moment(each) if _is_time(str(key)) else _timed(each) for key, each in value.items()}
    return value


def _is_time(key: str) -> bool:
    return key == "at" or key.endswith("_at")


def _moment(at: object) -> str | None:
    return format_moment(at) if isinstance(at, float | int) and at else None
