"""Port: a task kind is a name → (typed parameters, a function, default needs).

Built-in kinds are listed below by where they live, other packages add theirs under the entry-point group
``paceline.tasks``. Nothing is imported before it is asked for by name: parameters are light and checked wherever a job
is submitted; the function is imported only in the user process that runs it.
"""

import difflib
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

import msgspec

from paceline.model.errors import UsageError
from paceline.model.resources import Need

BUILT_IN: Mapping[str, str] = {
    "command": "paceline.tasks.command:KIND",
    "function": "paceline.tasks.function:KIND",
    "train": "paceline.tasks.train:KIND",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the kind table.

    ``params`` is a ``msgspec.Struct`` class: its annotations are the contract a submitted body is checked against.
    ``run`` names the function ``module:name``; it takes the params and returns a JSON-able result. Empty for kinds
    that are not run by calling a function (commands).
    ``features`` says what a worker must be able to do for given params; ``available`` which of those this
    machine offers, found without importing anything heavy.
    """

    params: type[msgspec.Struct]
    run: str = ""
    need: Need = Need()
    check: Callable[[Any], None] = lambda params: None  # further rules; raises UsageError naming the field
    features: Callable[[Any], tuple[str, ...]] = lambda params: ()
    available: Callable[[], tuple[str, ...]] = lambda: ()


def names() -> list[str]:
    """Every kind that can be submitted here."""
    return sorted({*BUILT_IN, *(point.name for point in entry_points(group="paceline.tasks"))})


def find(name: str) -> Kind:
    """The kind of this name. Raises UsageError naming the nearest one there is."""
    where = BUILT_IN.get(name)
    if where is None:
        for point in entry_points(group="paceline.tasks", name=name):
            where = point.value
    if where is None:
        near = difflib.get_close_matches(name, names(), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"kinds here: {', '.join(names())}"
        raise UsageError(f"kind: there is no kind {name!r}", hint=hint)
    kind = load(where)
    if not isinstance(kind, Kind):
        raise UsageError(f"kind: {name!r} is {where}, which is not a paceline.kinds.Kind")
    return kind


def load(where: str) -> Any:
    """Import ``module:name``."""
    module, _, attribute = where.partition(":")
    return getattr(importlib.import_module(module), attribute)


def parse(name: str, body: bytes) -> Any:
    """The checked params of a body. Raises UsageError naming the field, its value and the nearest valid one."""
    kind = find(name)
    raw = msgspec.json.decode(body)
    _refuse_unknown(name, kind.params, raw)
    try:
        params = msgspec.convert(raw, kind.params)
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: {_readable(error)}") from None
    kind.check(params)
    return params


def _refuse_unknown(name: str, params: type[msgspec.Struct], raw: object) -> None:
    if not isinstance(raw, dict):
        raise UsageError(f"{name}: parameters must be a mapping, got {type(raw).__name__}")
    known = [field.encode_name for field in msgspec.structs.fields(params)]
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise UsageError(f"{name}.{key}: there is no such parameter", hint=hint)


def _readable(error: msgspec.ValidationError) -> str:
    """ "Expected `int` >= 1 - at `$.trees`" → "trees: expected `int` >= 1"."""
    text, _, path = str(error).partition(" - at `$.")
    field = path.rstrip("`")
    return f"{field}: {text[:1].lower()}{text[1:]}" if field else text
