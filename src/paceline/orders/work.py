"""From a kind with its parameters to what is submitted: checked here, while whoever wrote them is still looking.

Tasks of an array may each have a *row*, which travels as the task's payload. A command reads its row from
``PACELINE_ENTRY``; for every other kind the row is a JSON object whose entries are merged over the parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import msgspec

from paceline import grammar, kinds
from paceline.config import PAYLOAD_LIMIT
from paceline.model.errors import UsageError
from paceline.model.job import JobSpec
from paceline.model.resources import GpuNeed, Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One job, ready to be submitted. ``payloads``: one per task, or none."""

    spec: JobSpec
    payloads: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What to run: a kind's body and what it needs of a worker unless told otherwise."""

    kind: str
    body: bytes
    need: Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for of a worker. A field at its default was not asked for."""

    cpu: int = 0
    memory: int = 0
    disk: int = 0
    gpus: tuple[GpuNeed, ...] = ()  # alternatives, best first
    labels: tuple[tuple[str, str], ...] = ()
    time: float = 0.0
    any_of: tuple["Asked", ...] = ()  # alternatives, best first; each is laid over the fields above


def prepare(kind: str, params: Mapping[str, object], rows: Sequence[bytes] = ()) -> Work:
    """Check the parameters with every row. Raises UsageError naming the row and the field."""
    entry = kinds.find(kind)
    _check_sizes(rows)
    features = {*entry.need.features}
    if kind != "command" and rows:
        values = [_values(kind, row, number) for number, row in enumerate(rows)]
        for number, each in enumerate(values):
            features |= _features_of_row(kind, params, each, number)
        params = {**_always(values), **params}
    features |= _features(kind, params)
    need = replace(entry.need, features=tuple(sorted(features)))
    return Work(kind=kind, body=msgspec.json.encode(params), need=need)


def _features(kind: str, params: Mapping[str, object]) -> set[str]:
    return {*kinds.features(kind, kinds.parse(kind, msgspec.json.encode(params)))}


def _features_of_row(kind: str, params: Mapping[str, object], row: Mapping[str, object], number: int) -> set[str]:
    try:
        return _features(kind, {**params, **row})
    except UsageError as error:
        if error.message == _complaint(kind, params):
            raise  # the row has nothing to do with it
        raise UsageError(f"row {number}: {error.message}", hint=error.hint) from None


def _complaint(kind: str, params: Mapping[str, object]) -> str:
    try:
        _features(kind, params)
    except UsageError as error:
        return error.message
    return ""


def default_name(kind: str, params: Mapping[str, object]) -> str:
    """The program's name for a command, the kind's otherwise; always one that can be selected by."""
    argv = params.get("argv")
    if kind != "command" or not isinstance(argv, Sequence) or not argv:
        return kind
    words = str(argv[0]).split()
    name = PurePath(words[0]).name if words else ""
    try:
        return grammar.check_name(name)
    except UsageError:
        return kind


def read_params(kind: str, pairs: Sequence[tuple[str, str]]) -> Mapping[str, object]:
    """Parameters that came as text, each read as what the kind declares; what cannot be read so stays text."""
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kinds.shape(kind, dict(pairs)))}
    return {key: _typed(value, types.get(key, str)) for key, value in pairs}


def needs(base: Need, asked: Asked) -> tuple[Need, ...]:
    """The alternatives of what was asked for, best first, laid over what the kind needs by itself."""
    own = replace(
        base,
        cpu=asked.cpu or base.cpu,
        memory=asked.memory or base.memory,
        disk=asked.disk or base.disk,
        labels=tuple(sorted({**dict(base.labels), **dict(asked.labels)}.items())),
        time=asked.time or base.time,
    )
    variants = [replace(own, gpu=gpu) for gpu in asked.gpus] or [own]
    if not asked.any_of:
        return tuple(variants)
    return tuple(need for choice in asked.any_of for variant in variants for need in needs(variant, choice))


def _typed(text: str, wanted: type) -> object:
    for raw in (text, _json(text)):
        try:
            return msgspec.to_builtins(msgspec.convert(raw, wanted, strict=False))
        except msgspec.ValidationError:
            continue
    return _json(text)  # a number out of bounds is still a number: what is wrong with it is for the kind to say


def _json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _values(kind: str, row: bytes, number: int) -> dict[str, object]:
    values = msgspec.json.decode(row)
    if not isinstance(values, dict):
        raise UsageError(f"row {number}: {kind} takes a mapping of parameters, got {row.decode()[:40]}")
    return values


def _always(rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """What every row sets, from the first one: no task will see it, but with it the body is whole by itself."""
    return {key: value for key, value in rows[0].items() if all(key in row for row in rows)}


def _check_sizes(rows: Sequence[bytes]) -> None:
    for number, row in enumerate(rows):
        if len(row) > PAYLOAD_LIMIT:
            hint = "put the data in a file and its name in the row"
            raise UsageError(f"row {number}: {len(row)} bytes, at most {PAYLOAD_LIMIT} can travel", hint=hint)
