"""User processes that only pretend: how long they take and how they end is drawn, or is in their nature.

The attempts of a frame run one after the other. Each program has a process of its own, so if it dies the next begins; a
warm process runs them all, and those behind the one that it died of have not begun.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paceline.executor import Halt
from paceline.model.ids import AttemptId, parse_attempt
from paceline.model.resources import Need
from paceline.model.task import Outcome
from tests.simulation.faults import Fault
from tests.simulation.scene import Scene
from tests.simulation.stage import Place

QUICK, MIXED, LONG, POISON, ENDLESS = "quick", "mixed", "long", "poison", "endless"
"""Natures of jobs: thousandths of a second a task; seconds; longer than a lease; tasks that take down whoever runs
them; tasks that have to be cancelled."""

SECONDS = {
    QUICK: [0.0002, 0.0005],
    MIXED: [0.02, 0.3, 1.0, 3.0, 6.0],
    LONG: [8.0, 26.0],
    POISON: [0.02, 0.6, 3.0],
    ENDLESS: [1e6],
}
ENDS = (
    [Outcome.SUCCEEDED] * 24
    + [Outcome.FAILED] * 4
    + [Outcome.OOM, Outcome.TIMEOUT, Outcome.LAUNCH, Outcome.STAGE_IN, Outcome.LOST, Outcome.INTERRUPTED]
)
"""How tasks end by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a process is started for. ``payloads``: one per key, or none. ``outs``: of programs, where each writes."""

    keys: Sequence[str]
    nature: str
    program: bool
    outs: Sequence[str] = ()
    payloads: Sequence[bytes] = ()
    grace: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """An attempt has ended. ``written``: how much output it left."""

    key: str
    outcome: str
    code: int = 0
    detail: str = ""
    seconds: float = 0.0
    written: int = 0


@dataclass(slots=True, eq=False)
class Run:
    """One process. ``left``: keys that have not ended, the one at work first."""

    order: Order
    left: list[str]
    ended: Callable[["Run", Over], None]  # somebody may want to know
    unbegun: Callable[["Run", Sequence[str]], None]
    verdict: Halt | None = None  # why the one at work is being ended
    since: float = 0.0
    written: int = 0


class Programs:
    """All processes of one host."""

    def __init__(self, scene: Scene, place: Place, doomed: Callable[[], None]) -> None:
        self.needs: dict[str, Need] = {}  # what the agent booked for each key
        self.begun: set[AttemptId] = set()  # what its agent has to know of, now or from its spool
        self.fault = ""  # why the disk takes no output; empty: it does
        self._scene = scene
        self._place = place
        self._doomed = doomed  # called by tasks that take the host down
        self._runs: dict[Run, None] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def start(self, run: Run) -> None:
        """A process begins with its first attempt."""
        self._runs[run] = None
        self._next(run)

    def _next(self, run: Run) -> None:
        if not run.left:
            del self._runs[run]
            return
        key, order = run.left[0], run.order
        payload = order.payloads[order.keys.index(key)] if order.payloads else b""
        self._scene.stage.check_wanted(parse_attempt(key), self._scene.timeline.now)
        self._scene.stage.enter(self._place, parse_attempt(key), self.needs[key], payload)
        self.begun.add(parse_attempt(key))
        chance = self._scene.timeline.chance
        slow = order.nature == MIXED and self._scene.weather.strikes(Fault.SLOW, 0.04)
        seconds = chance.uniform(4.0, 12.0) if slow else chance.choice(SECONDS[order.nature])
        run.since, run.verdict, run.written = self._scene.timeline.now, None, chance.choice([0, 0, 0, 0, 30])
        if order.nature == POISON:
            self._scene.timeline.after(seconds, lambda: self._poison(run, key))
        elif order.nature != ENDLESS:
            outcome = chance.choice(ENDS)
            code = chance.choice([1, 1, 75]) if outcome is Outcome.FAILED else 0
            self._scene.timeline.after(seconds, lambda: self._end(run, key, outcome, code))
        if not order.program and self._scene.weather.strikes(Fault.WARM_CRASH, 0.06):
            self._scene.timeline.after(seconds / 2, lambda: self._die(run, key))

    def _poison(self, run: Run, key: str) -> None:
        if self._is_at_work(run, key):
            self._scene.weather.count(Fault.POISON)
            self._doomed()

    def _is_at_work(self, run: Run, key: str) -> bool:
        return run in self._runs and run.left[:1] == [key]

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _end(self, run: Run, key: str, outcome: str, code: int = 0, detail: str = "") -> None:
        """The one at work is over, if it still is the one at work; then the next one."""
        if self._is_at_work(run, key):
            self._finish(run, key, outcome, code, detail)
            self._next(run)

    def _finish(self, run: Run, key: str, outcome: str, code: int, detail: str) -> None:
        run.left.pop(0)
        self._scene.stage.leave(self._place, [parse_attempt(key)])
        seconds = self._scene.timeline.now - run.since
        run.ended(run, Over(key=key, outcome=outcome, code=code, detail=detail, seconds=seconds, written=run.written))

    def _die(self, run: Run, key: str, outcome: str = Outcome.FAILED, detail: str = "its process died") -> None:
        """The process of the one at work is gone."""
        if self._is_at_work(run, key):
            self._finish(run, key, outcome, 0, detail)
            if run.order.program:
                self._next(run)
                return
            del self._runs[run]
            unbegun, run.left = run.left, []
            if unbegun:
                run.unbegun(run, unbegun)

    def halt(self, run: Run, order: Halt) -> None:
        """End this key: its whole process if it is at work."""
        if run.left[0] != order.key:
            run.left.remove(order.key)
            run.ended(run, Over(key=order.key, outcome=order.outcome, detail=order.detail))
            return
        verdict = run.verdict = run.verdict or order
        timeline = self._scene.timeline
        if timeline.happens(0.3) and order.grace:  # it ends well before it is made to
            self._scene.weather.count(Fault.CANCEL_RACE)
            timeline.soon(lambda: self._end(run, order.key, Outcome.SUCCEEDED), 0.1)
        timeline.soon(
            lambda: self._die(run, order.key, verdict.outcome, verdict.detail), min(order.grace, 3.0) or 0.001
        )

    def sweep(self) -> None:
        """Everything is killed, and nobody hears of it."""
        for run in self._runs:
            self._scene.stage.leave(self._place, [parse_attempt(run.left[0])])
        self._runs = {}
