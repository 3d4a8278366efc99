"""What a check found, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # works, though perhaps not as wished, or not for long
    PROBLEM = "problem"  # something does not work
    SKIPPED = "skipped"  # could not be looked at; the finding says why


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``finding`` and ``todo`` are a line each; ``fields`` are the numbers and names in them, for programs."""

    state: State
    finding: str
    todo: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)


def ok(finding: str, **fields: object) -> Finding:
    """As it should be."""
    return Finding(state=State.OK, finding=finding, fields=fields)


def warning(finding: str, todo: str, **fields: object) -> Finding:
    """Worth knowing."""
    return Finding(state=State.WARNING, finding=finding, todo=todo, fields=fields)


def problem(finding: str, todo: str, **fields: object) -> Finding:
    """To be mended."""
    return Finding(state=State.PROBLEM, finding=finding, todo=todo, fields=fields)


def skipped(why: str) -> Finding:
    """Not looked at."""
    return Finding(state=State.SKIPPED, finding=why)
