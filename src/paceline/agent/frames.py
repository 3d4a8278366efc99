"""A frame: attempts of one shape that one process runs one after the other, booked as one.

Short attempts are cheap only in company: the way to the supervisor and back costs more than they take. So a frame
holds some milliseconds of work, by what such attempts took lately; long ones travel alone.
"""

import hashlib
from dataclasses import dataclass, field

from paceline.agent.devices import Booking
from paceline.agent.places import Places, Source
from paceline.model.ids import AttemptId
from paceline.model.job import Spec
from paceline.model.resources import Need

CALL_SECONDS = 0.004
"""Seconds of work that a frame of calls holds."""
PROGRAM_SECONDS = 0.02
"""The same of programs: each costs a process, and is seldom short."""
FRAME_LIMIT = 256
PROGRAM = "command"
"""The one kind that is run as a program; all others are calls."""


class Shape:
    """What to run and what it books, as one thing with an identity; and what was learnt about how long it takes."""

    __slots__ = ("digest", "need", "program", "seconds", "spec")

    def __init__(self, spec: Spec, need: Need) -> None:
        self.spec = spec
        self.need = need
        self.program = spec.kind == PROGRAM
        self.digest = hashlib.sha256(spec.kind.encode() + b"\0" + spec.body).hexdigest()
        self.seconds = -1.0  # of one attempt, lately; below 0: not measured

    def learn(self, seconds: float, attempts: int) -> None:
        """So many attempts took so many seconds together."""
        mean = seconds / attempts
        self.seconds = mean if self.seconds < 0 else self.seconds + 0.3 * (mean - self.seconds)

    def company(self) -> int:
        """How many such attempts make a frame."""
        if self.seconds < 0:
            return 1
        whole = PROGRAM_SECONDS if self.program else CALL_SECONDS
        return max(1, min(FRAME_LIMIT, int(whole / max(self.seconds, 1e-6))))


@dataclass(slots=True, eq=False, kw_only=True)
class Frame:
    """Attempts that were given to the supervisor together. The first of ``live`` is the one at work."""

    shape: Shape
    live: dict[str, AttemptId]  # by key, in order
    booking: Booking
    payloads: dict[str, bytes] = field(default_factory=dict)
    repeatable: bool = True  # False: adopted after a restart, so what is needed to call it anew is gone
    at_work_since: float = float("inf")  # when the first of ``live`` began, as far as we were told
    source: Source | None = None  # where the one that began last writes to, once we were told
    told: str = ""  # key that was last told to the server as started

    @property
    def head(self) -> str:
        """Key of the attempt at work."""
        return next(iter(self.live))

    def source_of(self, attempt: AttemptId, places: Places) -> Source | None:
        """Where an attempt of this frame writes to: a program to files of its own, which may have been there before."""
        if not self.shape.program:
            return self.source
        own = places.output_of(attempt)
        return self.source if self.source is not None and self.source.out == own.out else own
