"""A YAML document that remembers where everything stands.

Scalars are taken as the text in the file; under ``params``, ``items``, ``grid``, ``random`` and ``sweep`` they are
typed by YAML 1.2's core rules, so that ``1e-3`` is a number and ``no`` is a word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from paceline.model.errors import UsageError

Plain: TypeAlias = "str | int | float | bool | None | list[Plain] | dict[str, Plain]"
Place: TypeAlias = tuple[str | int, ...]
"""Steps from the top of the document: keys and positions. ``("resources", "any_of", 0)``."""

_TAG = "tag:yaml.org,2002:"
_CORE: Sequence[tuple[str, str, str]] = (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
)
_TYPED = ("params", "items", "grid", "random", "sweep")
DEPTH = 50
"""Levels of a job file."""
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """By first character, as PyYAML looks them up; the empty text is a null."""
    table: dict[str, list[tuple[str, re.Pattern[str]]]] = {"": [(_TAG + "null", re.compile("$"))]}
    for name, pattern, firsts in _CORE:
        for first in firsts:
            table.setdefault(first, []).append((_TAG + name, re.compile(f"(?:{pattern})$")))
    return table


class _Loader(yaml.SafeLoader):
    """PyYAML reads YAML 1.1, where ``no`` is false and ``1:30`` is ninety."""

    yaml_implicit_resolvers = _resolvers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file, read but not yet understood."""

    file: str
    root: yaml.Node

    def values(self) -> dict[str, Plain]:
        """Everything in it."""
        if not isinstance(self.root, yaml.MappingNode):
            raise self.error((), "a job file is a mapping of keys to values", "such as run: python train.py")
        return self._mapping(self.root, ())

    def error(self, place: Place, text: str, hint: str = "") -> UsageError:
        """``job.yaml:7:3: resources.memory: text``, at the nearest thing to the place that exists."""
        mark = self._find(place).start_mark
        where = f"{self.file}:{mark.line + 1}:{mark.column + 1}"
        return UsageError(f"{where}: {spell(place)}: {text}" if place else f"{where}: {text}", hint=hint)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Plain]:
        values: dict[str, Plain] = {}
        for key, value in node.value:
            if str(key.tag) == _TAG + "merge":
                continue
            if not isinstance(key, yaml.ScalarNode) or not key.value:
                raise self.error(place, "a key must be a word")
            if key.value in values:
                raise self.error((*place, key.value), "stands here twice")
            values[key.value] = self._value(value, (*place, key.value))
        for base in _merged(node):
            values = {**self._mapping(base, place), **values}
        return values

    def _value(self, node: yaml.Node, place: Place) -> Plain:
        if len(place) > DEPTH:
            raise self.error(place[:1], f"nested deeper than {DEPTH} levels")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*place, number)) for number, item in enumerate(node.value)]
        return self._scalar(str(node.value), str(node.tag).removeprefix(_TAG), place)

    def _scalar(self, text: str, kind: str, place: Place) -> Plain:
        if kind == "null":
            return None
        if kind == "str" or not is_typed(place):
            return text
        match kind:
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text, 16) if text.startswith("0x") else int(text)
            case "float":
                return float(text)
        raise self.error(place, f"a value with the tag {kind}", "plain words, numbers, lists and mappings")

    def _find(self, place: Place) -> yaml.Node:
        """The key at the place (or list item); for a missing step, what comes before it."""
        found, here = self.root, self.root
        for step in place:
            pair = _below(here, step)
            if pair is None:
                return found
            found, here = pair
        return found


def compose(text: str, file: str) -> Document:
    """Read YAML. Raises UsageError with the place of a mistake."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise UsageError(f"{where}: {error.problem}", hint="is the indentation right?") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{file}: {error}") from None
    if root is None:
        raise UsageError(f"{file}: is empty", hint="such as run: python train.py")
    return Document(file=file, root=root)


def spell(place: Place) -> str:
    """``("resources", "any_of", 0)`` → ``resources.any_of[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")


def unspell(text: str) -> Place:
    """The other way round."""
    return tuple(word or int(number) for word, number in _STEP.findall(text))


def is_typed(place: Place) -> bool:
    """Whether a value here is more than its text."""
    inside_job = place[2:] if place[0] == "jobs" else place
    return bool(inside_job) and inside_job[0] in _TYPED


def _merged(node: yaml.MappingNode) -> Iterator[yaml.MappingNode]:
    """What ``<<`` brings in, nearest first."""
    for key, value in node.value:
        if str(key.tag) == _TAG + "merge":
            bases = value.value if isinstance(value, yaml.SequenceNode) else [value]
            yield from (base for base in bases if isinstance(base, yaml.MappingNode))


def _below(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None
