"""What this worker has run, in numbers: the one source of every family of metrics, and of its health.

It hears of each attempt that the supervisor had and that is gone, a frame at a time, and of each report. What is kept
by job or by task is bounded, and goes ten minutes after the last of it has ended. All of it begins at zero with every
start of the agent, as counters do.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from paceline import kinds
from paceline.agent.frames import Frame
from paceline.agent.running import Gone
from paceline.metering import Fading, Histogram
from paceline.model.ids import AttemptId, JobId, TaskId
from paceline.model.task import JUDGEMENT, Outcome

JOBS, TASKS = 100, 1000
"""Of which numbers of their own are kept, at most."""
STAY = 600.0
"""Seconds that they are kept after the end."""
UNKNOWN = "unknown"
"""The kind of a call that an agent before this one had begun, and whatever is none that is known here."""


class Sort(NamedTuple):
    """What sort of work: its kind, and the model that is trained, or the kind again where there is none."""

    kind: str
    model: str


class Tally:
    """See the module. ``ends``: attempts by sort and outcome; ``losses``: what a task last reported, as JSON."""

    __slots__ = ("ends", "jobs", "kinds", "losses", "reports")

    def __init__(self) -> None:
        self.ends: Counter[tuple[Sort, str]] = Counter()
        self.kinds: dict[str, Histogram] = {}
        self.jobs: Fading[tuple[str, JobId], Histogram] = Fading(Histogram, most=JOBS, seconds=STAY)
        self.losses: Fading[TaskId, str] = Fading(str, most=TASKS, seconds=STAY)
        self.reports = 0

    def reported(self, attempt: AttemptId, values: str) -> None:
        """A running attempt said how far it is. Only who asks for the numbers reads them."""
        self.reports += 1
        if '"loss"' in values:
            self.losses.hold(attempt.task, values)

    def ended(self, gone: Sequence[Gone], outcomes: Sequence[str], seconds: Sequence[float], now: float) -> None:
        """These are over. ``outcomes``, ``seconds``: by the position of each."""
        for frame, group in groupby(gone, attrgetter("frame")):
            items = list(group)
            for sort, some in _sorted(frame, items):
                self._count(sort, some, outcomes, seconds, now)

    def rest(self, gone: Sequence[Gone], now: float) -> None:
        """These report no more: what they said last is kept for a while."""
        if len(self.losses):
            for task in {item.attempt.task for item in gone}:
                if task in self.losses:
                    self.losses.touch(task, now)

    def _count(
        self, sort: Sort, items: Sequence[Gone], outcomes: Sequence[str], seconds: Sequence[float], now: float
    ) -> None:
        """Attempts of one sort and one job."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        for position, *_ in items:
            found[outcomes[position]].append(seconds[position])
        for outcome, took in found.items():
            self.ends[sort, outcome] += len(took)
            if verdict(outcome):
                self.kinds.setdefault(sort.kind, Histogram()).add(took)
                self.jobs.touch((sort.model, items[0].attempt.job), now).add(took)

    def count(self, wanted: str) -> int:
        """How many attempts ended with this verdict."""
        return sum(count for (_, outcome), count in self.ends.items() if verdict(outcome) == wanted)


def verdict(outcome: str) -> str:
    """ "completed", "failed" or "cancelled"; empty for an attempt after which its task goes on elsewhere."""
    if outcome == Outcome.SUCCEEDED:
        return "completed"
    if outcome == Outcome.CANCELLED:
        return "cancelled"
    known = JUDGEMENT.get(Outcome(outcome)) if outcome in _WORDS else None
    return "" if known is not None and known.budget == "free" else "failed"


_WORDS = frozenset(outcome.value for outcome in Outcome)


def loss(values: str) -> float:
    """The ``loss`` in a report; NaN where it is no number."""
    with suppress(ValueError, TypeError, KeyError):
        return float(json.loads(values)["loss"])
    return float("nan")


def _sorted(frame: Frame, items: Sequence[Gone]) -> Sequence[tuple[Sort, Sequence[Gone]]]:
    """A frame's attempts by sort. They differ only where each brings a model of its own."""
    kind = frame.shape.spec.kind
    if kind not in _kinds():
        return [(Sort(UNKNOWN, UNKNOWN), items)]
    if not (models := _models(kind)):
        return [(Sort(kind, kind), items)]
    shared = _members(frame.shape.spec.body)
    own = ((item, shared | _members(frame.payloads.get(item.key, b""))) for item in items)
    return [(Sort(kind, _trained(kind, params.get("model", models[0]))), [item]) for item, params in own]


def _trained(kind: str, model: object) -> str:
    """What is asked for is any text of a task's; what becomes a label, of which every value stays, is a known word."""
    word = str(model) if model in _models(kind) else UNKNOWN
    return f"simulated_{word}" if kind == "simulate" else word


@cache
def _kinds() -> frozenset[str]:
    return frozenset(kinds.names())


@cache
def _models(kind: str) -> Sequence[str]:
    """Those of a kind of ours, the usual one first."""
    return kinds.words(kind, "model") if kind in kinds.BUILT_IN else ()


def _members(text: bytes) -> dict[str, object]:
    with suppress(ValueError):
        found = json.loads(text or b"{}")
        if isinstance(found, dict):
            return found
    return {}
