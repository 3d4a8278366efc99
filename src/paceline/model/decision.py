"""Everything the core can want: records to keep, messages to send once they are kept, and when to be woken.

*Save, then speak*: whoever carries a decision out keeps all its records durably before it sends any of its messages or
gives any of its answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from paceline.model.columns import Attempts
from paceline.model.errors import PacelineError
from paceline.model.ids import JobId, WorkerId
from paceline.model.job import Spec
from paceline.model.records import Record
from paceline.model.resources import Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Run these. ``payloads`` is empty or one per index; ``need`` is what each books on the worker."""

    attempts: Attempts
    spec: Spec
    need: Need
    payloads: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """End these, whole process tree. Their ends are reported as CANCELLED once nothing of them is left."""

    attempts: Attempts
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Forget these: they are not yours any more. Kill what still runs; report nothing."""

    attempts: Attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The ends you reported are recorded, or stale: either way, done with."""

    attempts: Attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """You are in. Beat every ``beat`` seconds; ``lease`` seconds after the last answered beat your work is void.

    Said on that connection alone, and nothing is said there before it: what was decided for an earlier connection, and
    kept only now, must not reach a later one, whose worker has already said that it does not hold it.
    """

    worker: WorkerId
    beat: float
    lease: float
    link: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatHeard:
    """Your lease runs anew from when you sent that beat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Take nothing new; leave when you hold nothing. ``resume``: never mind. ``now``: and interrupt what you run."""

    resume: bool = False
    now: bool = False


Message: TypeAlias = Grant | Stop | Drop | Settled | Welcome | BeatHeard | Drain


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The jobs' numbers, in the order of the specs. ``again``: an earlier submission with this token made them."""

    jobs: Sequence[JobId]
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Taken note of. ``tasks``: how many it touched, where that means something."""

    tasks: int = 0


Answer: TypeAlias = Submitted | Done | PacelineError
"""What the one who caused an event hears, after the records are kept. An error means that nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One step's outcome. ``answers`` stand in the order of the step's events."""

    records: Sequence[Record]
    messages: Sequence[tuple[WorkerId, Message]]
    answers: Sequence[Answer]
    wake_at: float  # when ``step`` wants to be called even if nothing happens; infinity: never
