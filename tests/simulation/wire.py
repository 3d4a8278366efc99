"""What travels between agents and servers: words of the agent's machine and messages of the core, as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from paceline.agent.memory import Acked
from paceline.agent.words import Beat, Heard, Reported, Started, ToServer
from paceline.model.columns import Attempts, Endings
from paceline.model.decision import Drain, Drop, Grant, Settled, Stop, Welcome
from paceline.model.ids import Incarnation, WorkerId
from paceline.model.worker import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The first word of every connection."""

    worker: WorkerId
    name: str
    incarnation: Incarnation
    machine: Machine
    held: Sequence[Attempts]


Up: TypeAlias = Hello | ToServer
Down: TypeAlias = Welcome | Grant | Stop | Drop | Settled | Drain | Heard | Acked

TWICE: tuple[type, ...] = (Beat, Started, Reported, Endings, Heard, Grant, Stop, Drop, Settled)
"""What may come twice in a row: what does no harm to a peer that repeats itself, or so it is claimed."""
