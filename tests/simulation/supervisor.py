"""A supervisor: the product's ledger of ends and its lease, over processes that only pretend.

It does as ``supervisor/app.py`` does: keeps every end until the agent has it, begins nothing twice, and ends everything
when its lease is over. If it is killed, its guard kills all that it ran.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import msgspec

from paceline.agent.words import FromSupervisor
from paceline.executor import (
    Began,
    Call,
    Halt,
    Holds,
    Launch,
    Progress,
    Retire,
    Settle,
    ToSupervisor,
    Unbegun,
    Unwritable,
)
from paceline.executor import Lease as LeaseWord
from paceline.executors.end import End
from paceline.executors.loop import Action, Alarm, Loop
from paceline.model.task import Outcome
from paceline.supervisor.lease import Lease
from paceline.supervisor.ledger import Ledger
from tests.simulation.process import Process
from tests.simulation.programs import Order, Over, Programs, Run

Say: TypeAlias = Callable[[FromSupervisor], None]

TURN = 0.0005
"""Seconds in which ends gather to be told together."""
LONG = 0.2
"""Seconds after which a program says how far it is."""
SHORT = 0.005
"""Seconds after which the beginning of a program is told; of a warm process's first attempt it always is."""


class Supervisor:
    """See the module."""

    def __init__(self, process: Process, pid: int, programs: Programs, left: Callable[[], None]) -> None:
        self.process = process
        self.pid = pid
        self._programs = programs
        self._left = left
        self._ledger = Ledger()
        self._term = Lease(_Alarms(process), self._on_lease_over)
        self._where: dict[str, Run] = {}  # keys that have not ended
        self._position: dict[Run, int] = {}  # where the output of the one at work begins
        self._bodies: dict[str, bytes] = {}
        self._agents: list[Say] = []  # one or none
        self._retiring = False
        self._turning = False

    # ── the agent ───────────────────────────────────────────────────────────────────────────────────────────────────

    def connect(self, say: Say) -> None:
        """An agent is there; one that was there before is not any more."""
        self._agents = [say]
        self._bodies.clear()
        say(Holds(pid=self.pid, keys=list(self._where)))
        self._ledger.say_again()
        self._turn()
        for run in dict.fromkeys(self._where.values()):
            say(self._began(run, run.left[0]))

    def disconnect(self) -> None:
        """The agent is gone."""
        self._agents = []
        self._leave_if_done()

    def hear(self, words: Sequence[ToSupervisor]) -> None:
        """The agent says these."""
        for word in words:
            match word:
                case Launch():
                    self._begin(_program(word))
                case Call():
                    self._bodies.update({word.digest: word.blobs[0]} if word.blobs[0] else {})
                    self._begin(_calls(word, self._bodies[word.digest]))
                case Halt():
                    if word.key in self._where:
                        self._programs.halt(self._where[word.key], word)
                case Settle(keys=keys):
                    self._ledger.settle(keys)
                case LeaseWord(seconds=seconds):
                    self._term.renew(seconds)
                case Retire():
                    self._retiring = True
        self._leave_if_done()

    def _say(self, word: FromSupervisor) -> None:
        for say in self._agents:
            say(word)

    # ── attempts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, order: Order) -> None:
        keys = set(order.keys)
        if not keys.isdisjoint(self._where) or not keys.isdisjoint(self._ledger.keys()):
            self._ledger.say_again(order.keys)
            self._ask_for_turn()
        elif self._term.over:
            self._enter([End(key, Outcome.INTERRUPTED, detail="the worker's lease had run out") for key in order.keys])
        elif self._programs.fault:
            self._say(Unwritable(keys=order.keys, fault=self._programs.fault))
        else:
            run = Run(order, list(order.keys), self._on_ended, self._on_unbegun)
            self._where.update(dict.fromkeys(order.keys, run))
            self._position[run] = 0 if order.program else 100
            self._programs.start(run)
            if order.program:
                self._announce_soon(run)
            else:
                self._announce(run, order.keys[0])
            self.process.call_later(LONG, self._report, run, order.keys[0])

    def _announce_soon(self, run: Run) -> None:
        if run.left:
            self.process.call_later(SHORT, self._announce, run, run.left[0])

    def _announce(self, run: Run, key: str) -> None:
        if run.left[:1] == [key] and key in self._where:
            self._say(self._began(run, key))

    def _report(self, run: Run, key: str) -> None:
        if run.left[:1] == [key] and key in self._where:
            self._say(Progress(key=key, step=1, values="{}"))

    def _began(self, run: Run, key: str) -> Began:
        order = run.order
        out = order.outs[order.keys.index(key)] if order.program else f"/{id(run)}.out"
        return Began(key=key, out=out, err=f"{out}.err", out_start=self._position[run])

    def _on_ended(self, run: Run, over: Over) -> None:
        if not self.process.alive:
            return
        del self._where[over.key]
        began = (self._began(run, over.key),) if over.written else ()
        end = self._position[run] + over.written
        self._position[run] = 0 if run.order.program else end
        result = f"{over.key} {over.written}".encode() if over.outcome == Outcome.SUCCEEDED else b""
        self._enter([End(over.key, over.outcome, over.code, over.detail, over.seconds, end, 0, result, began)])
        if run.order.program:
            self._announce_soon(run)

    def _on_unbegun(self, run: Run, keys: Sequence[str]) -> None:
        if not self.process.alive:
            return
        for key in keys:
            del self._where[key]
        if self._agents:
            self._turn()
            self._say(Unbegun(keys=keys))
        else:
            self._enter([End(key, Outcome.RETURNED, detail="its process died before its turn") for key in keys])

    def _enter(self, ends: list[End]) -> None:
        self._ledger.enter(ends)
        self._ask_for_turn()

    def _ask_for_turn(self) -> None:
        if not self._turning:
            self._turning = True
            self.process.call_later(TURN, self._turn)

    def _turn(self) -> None:
        self._turning = False
        for word in self._ledger.words():
            self._say(word)
        self._leave_if_done()

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_lease_over(self) -> None:
        for key in list(self._where):
            if key in self._where:
                halt = Halt(key=key, outcome=Outcome.INTERRUPTED, detail="the worker's lease ran out", grace=0.0)
                self._programs.halt(self._where[key], halt)

    def _leave_if_done(self) -> None:
        if self._retiring and not self._where and not (self._agents and len(self._ledger)) and self.process.alive:
            self.process.kill()
            self._left()


def _program(word: Launch) -> Order:
    payloads = [own["PACELINE_ENTRY"].encode() for own in word.own if "PACELINE_ENTRY" in own]
    return Order(keys=word.keys, nature=word.argv[0], program=True, outs=word.outs, payloads=payloads, grace=word.grace)


def _calls(word: Call, body: bytes) -> Order:
    nature = msgspec.json.decode(body)["ref"].partition(":")[2]
    return Order(keys=word.keys, nature=nature, program=False, payloads=word.blobs[1:], grace=word.grace)


class _Alarms(Loop):
    """The supervisor's loop, as far as its lease knows it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def after(self, seconds: float, action: Action) -> Alarm:
        return cast(Alarm, self._process.call_later(seconds, action))
