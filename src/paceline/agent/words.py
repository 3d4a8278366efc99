"""What the agent's machine hears, and what it wants done: two closed unions.

Words of the server and of the supervisor are used as they are (``model/decision.py``, ``executor.py``) where they carry
all that matters; the rest is here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from paceline.agent.frames import Frame, Shape
from paceline.agent.memory import Record, Written
from paceline.agent.places import Source
from paceline.executor import Began, Ended, Halt, Holds, Lease, Progress, Retire, Settle, Unbegun, Unwritable
from paceline.model.columns import Attempts, Endings
from paceline.model.decision import Drain, Drop, Settled, Stop
from paceline.model.ids import AttemptId

# ── heard ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The server welcomed us, in answer to a hello sent at ``sent_at``."""

    sent_at: float
    beat: float
    lease: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked:
    """The connection to the server is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The server is on this host, and nobody listens at its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The server answered this beat."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Run these. ``payloads``: empty or one per attempt."""

    shape: Shape
    attempts: Attempts
    payloads: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphaned:
    """The connection to the supervisor is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """All output of these has been sent."""

    keys: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """Somebody at this host wants us to go; the more often, the sooner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """So many bytes are free where we work. ``fault``: why it cannot be written all the same; empty: it can."""

    free: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken:
    """Time has passed."""


FromServer: TypeAlias = Linked | Unlinked | Refused | Heard | Granted | Stop | Drop | Settled | Drain
FromSupervisor: TypeAlias = Holds | Began | Ended | Unbegun | Unwritable | Progress | Orphaned
FromHost: TypeAlias = Shipped | Interrupted | Space | Woken
Event: TypeAlias = FromServer | FromSupervisor | FromHost


# ── wanted ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Write this down before anything that follows."""

    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Give this frame to the supervisor."""

    frame: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Tell the server that we are alive."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Tell the server that these are being run."""

    attempts: Attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Tell the server how far an attempt is."""

    attempt: AttemptId
    step: int
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Tell the server a piece of an attempt's output. ``offset``: within the attempt's own output."""

    attempt: AttemptId
    stream: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draining:
    """Tell the server to grant nothing, and why; ``resume``: to grant again."""

    resume: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Tell the server goodbye: we hold nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """Send the output of this running attempt as it grows."""

    attempt: AttemptId
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """Send all output of this ended attempt, then say ``Shipped``."""

    written: Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Nobody needs the files of these any more, once the server has their output."""

    attempts: Sequence[AttemptId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relink:
    """Give up this connection to the server and make a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """End this process."""


ToServer: TypeAlias = Beat | Started | Endings | Reported | Chunk | Draining | Leaving
Order: TypeAlias = Halt | Settle | Lease | Retire
Here: TypeAlias = Keep | Follow | Flush | Forget | Relink | Leave
Action: TypeAlias = ToServer | Order | Run | Here
