"""Answers that are not views of something kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from paceline.model.ids import JobId
from paceline.model.views import JobView, ReportView


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """Who answers."""

    version: str
    protocol: int
    store: str
    started_at: float  # seconds since 1970
    epoch: int  # of the store: counts starts of the server
    pid: int
    now: float  # the server's clock
    trouble: str = ""  # why nothing, or nothing new, is accepted for now; empty: all is well


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The jobs' numbers in the order of the specs. ``again``: an earlier submission with this token made them."""

    jobs: Sequence[JobId]
    again: bool
    warnings: Sequence[str]  # sentences, such as that no worker fits now


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What changed since the last one: whole views of jobs, and new reports."""

    jobs: Sequence[JobView]
    reports: Sequence[ReportView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A credential, told only now."""

    token: str = field(repr=False)
    id: str  # what it is called by from here on
    expires_at: float  # seconds since 1970; 0: never
