"""A piece of a trace: what began when, ended when, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from paceline.telemetry.traceparent import Traceparent


class Verdict(StrEnum):
    """What is shown of a span first."""

    UNSET = "unset"
    OK = "ok"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """``at``: its own place in the trace; ``parent``: number of the span above it, empty for none."""

    name: str
    at: Traceparent
    parent: str
    began_at: float  # seconds since 1970
    ended_at: float
    kind: str = "internal"  # or "producer", "consumer"
    attributes: Mapping[str, str | int | float] = field(default_factory=dict)
    verdict: Verdict = Verdict.UNSET
    told: str = ""  # what the verdict rests on, if it is an error
