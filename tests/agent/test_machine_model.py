"""Whatever happens in whatever order: the machine's invariants hold, and no attempt is forgotten or doubled."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from paceline.agent.frames import Shape
from paceline.agent.memory import encode, recall
from paceline.agent.words import (
    Action,
    Flush,
    Granted,
    Heard,
    Interrupted,
    Keep,
    Leave,
    Linked,
    Orphaned,
    Refused,
    Relink,
    Run,
    Shipped,
    Space,
    Unlinked,
    Woken,
)
from paceline.agent.words import Beat as BeatWord
from paceline.executor import Began, Halt, Holds, Settle, Unbegun
from paceline.model.decision import Drain, Drop, Settled, Stop
from tests.agent.world import World, attempts, capacity, ended, function, of, program, told

KINDS = 6


def shapes() -> list[Shape]:
    """New ones for each story: they learn how long their attempts take."""
    short = [function(1000, seconds=0.0001), program(1000, seconds=0.001)]
    return [program(1000), program(500), function(1000), program(2000), *short]


class Agents(RuleBasedStateMachine):
    """A worker with a supervisor that does as it is told and a server that settles what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(capacity(cpu=2000), peers=False)
        self.spool: list[bytes] = []
        self.next_index = 0
        self.shapes = shapes()
        self.pid = 1
        self.served = False
        self.linked = False
        self.left = False
        self.at_supervisor: dict[str, bool] = {}  # key → whether it is asked to end
        self.unsettled: set[str] = set()  # ends the supervisor keeps
        self.to_settle: set[str] = set()  # ends the server heard
        self.owned: set[str] = set()  # granted, and neither settled nor dropped nor void

    def take(self, actions: list[Action]) -> None:
        self.spool += [encode(keep.record) for keep in of(actions, Keep)]
        for action in actions:
            if isinstance(action, Run):
                assert self.served, "work for a supervisor that is not there"
                assert not self.at_supervisor.keys() & action.frame.live.keys(), "given twice"
                self.at_supervisor.update(dict.fromkeys(action.frame.live, False))
            elif isinstance(action, Halt) and action.key in self.at_supervisor:
                self.at_supervisor[action.key] = True
            elif isinstance(action, Settle):
                self.unsettled -= set(action.keys)
            elif isinstance(action, Leave):
                self.left = True
        heard = told(actions).keys()
        assert not heard or self.linked, "told to nobody"
        self.to_settle |= heard
        for flush in of(actions, Flush):
            if self.linked:
                self.hear(Shipped(keys=[str(flush.written.attempt)]))

    def hear(self, event: object) -> None:
        if isinstance(event, Linked):
            self.linked = True
        elif isinstance(event, Unlinked):
            self.linked = False
        elif isinstance(event, Orphaned):
            self.served = False
        elif isinstance(event, Holds):
            self.served = True
        self.take(self.world.hear(event))  # type: ignore[arg-type]

    # ── the server ──────────────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: not self.linked and not self.left)
    @rule()
    def link(self) -> None:
        assert self.owned <= self.world.held(), "a hello that leaves something out"
        self.hear(Linked(sent_at=self.world.now, beat=5.0, lease=20.0))

    @precondition(lambda self: self.linked)
    @rule()
    def unlink(self) -> None:
        self.to_settle.clear()
        self.hear(Unlinked())

    @precondition(lambda self: self.linked)
    @rule(shape=st.integers(0, KINDS - 1), count=st.integers(1, 5))
    def grant(self, shape: int, count: int) -> None:
        indexes = range(self.next_index, self.next_index + count)
        self.next_index += count
        self.owned |= {f"1.{index}#1" for index in indexes}
        self.hear(Granted(shape=self.shapes[shape], attempts=attempts(*indexes)))

    @precondition(lambda self: self.to_settle)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.to_settle)))
        self.to_settle.discard(key)
        self.owned.discard(key)
        self.hear(Settled(attempts=attempts(_index(key))))

    @precondition(lambda self: self.owned and self.linked)
    @rule(data=st.data(), word=st.sampled_from(["stop", "drop"]))
    def stop_or_drop(self, data: st.DataObject, word: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.owned)))
        if word == "stop":
            self.hear(Stop(attempts=attempts(_index(key)), reason="x"))
        else:
            self.owned.discard(key)
            self.to_settle.discard(key)
            self.hear(Drop(attempts=attempts(_index(key))))

    @rule(free=st.sampled_from([0, 1 << 40, 1 << 40]))
    def space(self, free: int) -> None:
        self.hear(Space(free=free))

    @rule(resume=st.sampled_from([True, True, True, False]))
    def drain(self, resume: bool) -> None:  # noqa: FBT001 - drawn
        self.hear(Drain(resume=resume))

    # ── the host ────────────────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: not self.served and not self.left)
    @rule(died=st.booleans())
    def supervisor_comes(self, died: bool) -> None:  # noqa: FBT001 - drawn
        if died:
            self.pid += 1
            self.at_supervisor.clear()
            self.unsettled.clear()
        again = sorted(self.unsettled)
        self.hear(Holds(pid=self.pid, keys=list(self.at_supervisor)))
        if again:
            self.hear(ended(*again))

    @precondition(lambda self: self.served)
    @rule()
    def supervisor_goes(self) -> None:
        self.hear(Orphaned())

    @precondition(lambda self: self.served and self.at_supervisor)
    @rule(data=st.data(), out_end=st.sampled_from([0, 9]), said=st.booleans())
    def attempt_ends(self, data: st.DataObject, out_end: int, said: bool) -> None:  # noqa: FBT001 - drawn
        key = data.draw(st.sampled_from(sorted(self.at_supervisor)))
        stopped = self.at_supervisor.pop(key)
        self.unsettled.add(key)
        if said:
            self.hear(ended(key, outcome="CANCELLED" if stopped else "SUCCEEDED", out_end=out_end))

    @precondition(lambda self: self.served and self.at_supervisor)
    @rule(data=st.data())
    def attempt_begins(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.at_supervisor)))
        self.hear(Began(key=key, out="/o", err="/e"))

    @precondition(lambda self: self.served and self.at_supervisor)
    @rule(data=st.data())
    def attempts_do_not_begin(self, data: st.DataObject) -> None:
        keys = data.draw(st.lists(st.sampled_from(sorted(self.at_supervisor)), unique=True, max_size=3))
        for key in keys:
            del self.at_supervisor[key]
        self.hear(Unbegun(keys=keys))

    @rule(seconds=st.sampled_from([0.01, 0.06, 0.3, 1.1, 5.0, 17.0]))
    def time_passes(self, seconds: float) -> None:
        hand = set(self.world.worker._picture.hand.keys)
        self.world.now += seconds
        actions = self.world.hear(Woken())
        self.take(actions)
        if of(actions, Relink):
            self.unlink()
        for beat in of(actions, BeatWord):
            if self.linked:
                self.hear(Heard(number=beat.number))
        if self.world.worker._picture.void:
            self.owned -= hand

    @precondition(lambda self: not self.linked and not self.lease_is_over())
    @rule()
    def refused(self) -> None:
        self.hear(Refused())

    @rule(really=st.integers(0, 9))
    def interrupt(self, really: int) -> None:
        if not really:
            self.hear(Interrupted())

    def lease_is_over(self) -> bool:
        return self.world.worker._picture.lease.over(self.world.now)

    @rule(rewritten=st.booleans())
    def agent_dies_and_returns(self, rewritten: bool) -> None:  # noqa: FBT001 - drawn
        if rewritten:
            self.spool = [encode(record) for record in self.world.worker.records()]
        now, hand = self.world.now, set(self.world.worker._picture.hand.keys)
        self.world = World(capacity(cpu=2000), peers=False)
        self.world.now = now
        self.served = self.linked = self.left = False
        self.to_settle.clear()
        self.take(self.world.worker.adopt(recall(self.spool), now))
        self.world.worker.check()
        self.owned -= hand
        assert self.owned <= self.world.held(), "something begun or ended was forgotten"

    @invariant()
    def nothing_is_forgotten(self) -> None:
        """While linked, everything the server believes to be here is here."""
        if self.linked and not self.left:
            assert self.owned <= self.world.held() | self.to_settle

    @invariant()
    def records_hold_it_all(self) -> None:
        records = [encode(record) for record in self.world.worker.records()]
        again = World(capacity(cpu=2000), peers=False)
        again.worker.adopt(recall(records), 0.0)
        again.worker.check()


def _index(key: str) -> int:
    return int(key.split(".")[1].split("#")[0])


Agents.TestCase.settings = settings(max_examples=80, stateful_step_count=40)
TestAgents = Agents.TestCase
