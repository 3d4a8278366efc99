"""Model values ↔ protobuf messages.

The messages of ``proto/`` mirror the values of ``model/`` field by field, so one generic pair of functions, driven by
the value's type, does them all. Columns cross a hundred thousand times a second and have a pair of their own.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from paceline.model.columns import Attempts, Endings
from paceline.model.ids import JobId
from paceline.model.task import Outcome
from paceline.wire.gen import worker_pb2 as worker

V = TypeVar("V")
M = TypeVar("M", bound=Message)


def to_wire(value: Any, message: type[M]) -> M:
    """The message with every field of the value that the message has."""
    target = message()
    for name in _shared_fields(type(value), message):
        _fill(target, name, getattr(value, name))
    return target


def from_wire(message: Message, value: type[V]) -> V:
    """The value, read back. An absent sub-message is None."""
    readers = _readers(cast(Any, value))
    known = _shared_fields(value, type(message))
    return value(**{name: readers[name](message, name) for name in known})


def attempts_to_wire(attempts: Attempts) -> worker.Attempts:
    return worker.Attempts(job=attempts.job, indexes=attempts.indexes, numbers=attempts.numbers)


def attempts_from_wire(message: worker.Attempts) -> Attempts:
    return Attempts(job=JobId(message.job), indexes=list(message.indexes), numbers=list(message.numbers))


def endings_to_wire(endings: Endings) -> worker.Endings:
    return worker.Endings(
        job=endings.job,
        indexes=endings.indexes,
        numbers=endings.numbers,
        outcomes=endings.outcomes,
        codes=endings.codes,
        details=endings.details,
        results=endings.results,
        seconds=endings.seconds,
    )


def endings_from_wire(message: worker.Endings) -> Endings:
    """The ends, read back. An outcome that only a newer version knows is a failure; its name goes into the detail."""
    unknown = {at: name for at, name in enumerate(message.outcomes) if name not in _OUTCOMES}
    return Endings(
        job=JobId(message.job),
        indexes=list(message.indexes),
        numbers=list(message.numbers),
        outcomes=[_OUTCOMES.get(name, Outcome.FAILED) for name in message.outcomes],
        codes=list(message.codes),
        details=_named(unknown, message) if unknown else list(message.details),
        results=list(message.results),
        seconds=list(message.seconds),
    )


def _named(unknown: Mapping[int, str], message: worker.Endings) -> Sequence[str]:
    """The details, those of unknown outcomes with the name in front."""
    details = list(message.details) or [""] * len(message.outcomes)
    return [": ".join(filter(None, (unknown.get(at), detail))) for at, detail in enumerate(details)]


_SHARED: dict[tuple[type[Any], type[Message]], Sequence[str]] = {}
_OUTCOMES: Mapping[str, Outcome] = {outcome.value: outcome for outcome in Outcome}


def _shared_fields(value: type[Any], message: type[Message]) -> Sequence[str]:
    known = _SHARED.get((value, message))
    if known is None:
        there = {field.name for field in message.DESCRIPTOR.fields}
        known = _SHARED[value, message] = [f.name for f in dataclasses.fields(value) if f.name in there]
    return known


def _fill(target: Message, name: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, (str, bytes, int, float)):  # most are, so this is asked first
        setattr(target, name, value)
    elif dataclasses.is_dataclass(value):
        getattr(target, name).CopyFrom(to_wire(value, type(getattr(target, name))))
    elif isinstance(value, Mapping):
        getattr(target, name).update(value)
    else:
        _fill_repeated(getattr(target, name), value)


def _fill_repeated(target: Any, values: Sequence[Any]) -> None:
    for value in values:
        if dataclasses.is_dataclass(value):
            item = target.add()
            item.CopyFrom(to_wire(value, type(item)))
        elif isinstance(value, tuple):
            target.add(name=value[0], value=value[1])  # a Pair
        else:
            target.append(value)


Reader = Callable[[Any, str], Any]


@cache
def _readers(value: type[Any]) -> Mapping[str, Reader]:
    hints = typing.get_type_hints(value)
    return {field.name: _reader(hints[field.name]) for field in dataclasses.fields(value)}


def _reader(hint: Any) -> Reader:
    if isinstance(hint, types.UnionType):  # X | None
        inner = next(arm for arm in typing.get_args(hint) if arm is not type(None))
        read = _reader(inner)
        return lambda message, name: read(message, name) if message.HasField(name) else None
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return lambda message, name: from_wire(getattr(message, name), hint)
    origin = typing.get_origin(hint)
    if origin in (tuple, Sequence):
        return _repeated_reader(typing.get_args(hint)[0], tuple if origin is tuple else list)
    if origin is Mapping:
        return lambda message, name: dict(getattr(message, name))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda message, name: hint(getattr(message, name))
    return getattr


def _repeated_reader(item: Any, collect: type[tuple[Any, ...]] | type[list[Any]]) -> Reader:
    if dataclasses.is_dataclass(item) and isinstance(item, type):
        return lambda message, name: collect(from_wire(each, item) for each in getattr(message, name))
    if typing.get_origin(item) is tuple:
        return lambda message, name: collect((pair.name, pair.value) for pair in getattr(message, name))
    return lambda message, name: collect(getattr(message, name))
