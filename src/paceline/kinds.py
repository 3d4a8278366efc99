"""Port: a task kind is a name → (typed parameters, a function, default needs).

Built-in kinds are listed below by where they live, other packages add theirs under the entry-point group
``paceline.tasks``. Nothing is imported before it is asked for by name: parameters are light and checked wherever a job
is submitted; the function is imported only in the user process that runs it.
"""

import difflib
import importlib
import importlib.util
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

import msgspec

from paceline.model.errors import UsageError
from paceline.model.resources import Need

BUILT_IN: Mapping[str, str] = {
    "command": "paceline.tasks.command:KIND",
    "function": "paceline.tasks.function:KIND",
    "simulate": "paceline.tasks.simulate:KIND",
    "train": "paceline.tasks.train:KIND",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """Parameters whose shape follows from the word in one of them, a field that all the shapes have."""

    field: str
    usual: str  # the word that is meant where there is none
    shapes: Mapping[str, type[msgspec.Struct]]  # by word


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the kind table.

    ``params`` is a ``msgspec.Struct`` class, or several: its annotations are the contract a submitted body is checked
    against.
    ``run`` names the function ``module:name``; it takes the params and returns a JSON-able result. Empty for kinds
    that are not run by calling a function (commands).
    ``features`` says what a worker must be able to do for given params; ``available`` which of those this
    machine offers, found without importing anything heavy.
    """

    params: type[msgspec.Struct] | Variants
    run: str = ""
    need: Need = Need()
    check: Callable[[Any], None] = lambda params: None  # further rules; raises UsageError naming the field
    features: Callable[[Any], tuple[str, ...]] = lambda params: ()
    available: Callable[[], tuple[str, ...]] = lambda: ()


def features(name: str, params: Any) -> tuple[str, ...]:
    """What a worker must be able to do for these params: where the kind does not say, it must know the kind.

    Commands need nothing: a worker that knows no kind of ours (``server/polling``) runs those.
    """
    kind = find(name)
    return kind.features(params) or (() if name == "command" else (name,))


def offered() -> set[str]:
    """What of that this machine offers."""
    there = names()
    return {*there, *(feature for name in there for feature in find(name).available())} - {"command"}


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


def parse(name: str, body: bytes, payload: bytes = b"") -> Any:
    """The checked params of a body. Raises UsageError naming the field, its value and the nearest valid one.

    ``payload`` is what one task of an array has of its own: an object whose members replace those of the body.
    """
    kind = find(name)
    raw = _mapping(name, body) | (_mapping(name, payload) if payload else {})
    wanted = shape(name, raw)
    _refuse_unknown(name, kind.params, wanted, raw)
    try:
        params = msgspec.convert(raw, wanted)
    except msgspec.ValidationError as error:
        raise _readable(name, wanted, raw, error) from None
    kind.check(params)
    return params


def shape(name: str, raw: Mapping[str, Any]) -> type[msgspec.Struct]:
    """What these parameters must look like. Raises UsageError naming the nearest variant there is."""
    params = find(name).params
    if not isinstance(params, Variants):
        return params
    word = raw.get(params.field, params.usual)
    if word not in (words := list(params.shapes)):
        near = difflib.get_close_matches(str(word), words, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(words)}"
        raise UsageError(f"{name}.{params.field}: there is no {params.field} {word!r}", hint=hint)
    return params.shapes[word]


def words(name: str, field: str) -> Sequence[str]:
    """Those that a parameter of a kind may hold, the usual one first; none where it does not list them."""
    params = find(name).params
    if isinstance(params, Variants) and params.field == field:
        return sorted(params.shapes, key=lambda word: word != params.usual)
    shapes = params.shapes[params.usual] if isinstance(params, Variants) else params
    usual = [known.default for known in msgspec.structs.fields(shapes) if known.encode_name == field]
    return sorted(_choices(shapes, field), key=lambda word: word not in usual)


def _mapping(name: str, text: bytes) -> dict[str, Any]:
    try:
        raw = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UsageError(f"{name}: parameters are not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise UsageError(f"{name}: parameters must be a mapping, got {type(raw).__name__}")
    return raw


def _refuse_unknown(
    name: str, params: type[msgspec.Struct] | Variants, wanted: type[msgspec.Struct], raw: Mapping[str, Any]
) -> None:
    known = wanted.__struct_encode_fields__
    for key in raw:
        if key not in known:
            if isinstance(params, Variants):
                _refuse_strange(name, params, key, raw)
            near = difflib.get_close_matches(str(key), known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise UsageError(f"{name}.{key}: there is no such parameter", hint=hint)


def _refuse_strange(name: str, params: Variants, key: str, raw: Mapping[str, Any]) -> None:
    """Raise UsageError if the parameter is one of another variant."""
    owners = [word for word, other in params.shapes.items() if key in other.__struct_encode_fields__]
    if owners:
        word = raw.get(params.field, params.usual)
        said = f"{name}.{key}: this is a parameter of {' and '.join(owners)}, not of {word}"
        raise UsageError(said, hint=f"leave it out, or {params.field}: {owners[0]}")


def _readable(
    name: str, params: type[msgspec.Struct], raw: Mapping[str, Any], error: msgspec.ValidationError
) -> UsageError:
    """ "Expected `int` >= 1 - at `$.trees`" → "train.trees: 0: expected `int` >= 1"."""
    text, _, path = str(error).partition(" - at `$.")
    field = path.rstrip("`")
    if not field:
        return UsageError(f"{name}: {text[:1].lower()}{text[1:]}")
    value = _at(raw, field)
    wrong = "not one of its words" if text.startswith("Invalid enum value") else f"{text[:1].lower()}{text[1:]}"
    return UsageError(f"{name}.{field}: {value!r:.100}: {wrong}", hint=_nearest(value, _choices(params, field)))


def _nearest(value: object, choices: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(value), choices, 1)
    return f"did you mean {near[0]!r}?" if near else f"one of {', '.join(choices)}" if choices else ""


def _at(raw: Mapping[str, Any], path: str) -> object:
    """What stands at ``hidden[1]``; of ``class_weight[...]``, which names no key, all there is."""
    value: Any = raw
    for part in re.findall(r"[^.\[\]]+", path.partition("[...]")[0]):
        value = value[int(part) if isinstance(value, list) else part]
    return value


def _choices(params: type[msgspec.Struct], field: str) -> list[str]:
    """The words that a field may hold, where its type lists them."""
    types = [
        kind
        for known in msgspec.structs.fields(params)
        if known.encode_name == field
        for kind in getattr(msgspec.inspect.type_info(known.type), "types", [msgspec.inspect.type_info(known.type)])
    ]
    return [str(value) for kind in types if isinstance(kind, msgspec.inspect.LiteralType) for value in kind.values]
