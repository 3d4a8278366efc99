"""All that is true of this worker, and the few things that are done to it from more than one side."""

from collections.abc import Iterable, Sequence
from enum import Enum

from paceline.agent.devices import Books
from paceline.agent.ends import Ends, alike
from paceline.agent.hand import Hand
from paceline.agent.lease import LeaseClock
from paceline.agent.memory import Closed, Gone, Written, attempt_ids, by_job, keys
from paceline.agent.places import Places
from paceline.agent.running import NEVER, Running
from paceline.agent.tally import Tally
from paceline.agent.words import Action, Draining, Flush, Forget, Keep
from paceline.model.columns import Attempts, Endings
from paceline.model.ids import AttemptId
from paceline.model.task import Outcome


class Pause(Enum):
    """Who wants nothing new to be taken, and what is said of it unless there is more to say."""

    SERVER = "the server drains this worker"
    HOST = "this worker was told to stop"
    DISK = "its disk is nearly full"


FLOOR = 64 << 20
"""Bytes that must be free on disk for new work to be taken; twice as many to take it up again."""
LEAVING = frozenset((Pause.SERVER, Pause.HOST))
"""Reasons to go once nothing is left."""


class Picture:
    """See the module. Mutable; only ``state`` and the functions of ``from_…`` and ``adoption`` change it."""

    __slots__ = (
        "ends",
        "hand",
        "interrupts",
        "lease",
        "left",
        "littered",
        "missing",
        "missing_until",
        "out",
        "pauses",
        "pid",
        "places",
        "reserve",
        "running",
        "served",
        "tally",
        "void",
    )

    def __init__(self, books: Books, places: Places, reserve: int) -> None:
        self.places = places
        self.reserve = reserve  # bytes of the disk that are not for new work
        self.lease = LeaseClock()
        self.hand = Hand()
        self.running = Running(books)
        self.ends = Ends()
        self.tally = Tally()
        self.littered: set[str] = set()  # keys of attempts with files or a scratch directory
        self.pauses: dict[Pause, str] = {}  # why nothing new is taken; without any reason, all is well
        self.interrupts = 0
        self.served = False  # whether a supervisor is there
        self.pid = 0  # of the supervisor that has what runs; 0: there was none
        self.missing: Sequence[str] = ()  # what it should have and did not name; its end may still be on the way
        self.missing_until = NEVER
        self.void = False  # the lease is over
        self.left = False  # we said so, and that is the end
        self.out: list[Action] = []

    def actions(self) -> list[Action]:
        """Everything that is to be done, in this order; nothing more is left to take."""
        actions, self.out = self.out, []
        return actions

    def draining(self) -> Draining:
        """What the server is told as long as nothing new is taken."""
        return Draining(reason="; ".join(sorted(self.pauses.values())))

    def interrupt(self, why: str) -> None:
        """End what runs, each with its grace; all of it goes on elsewhere."""
        running = self.running
        for key, frame in running.by_key.items():
            if key not in running.halts:
                self.out += running.halt(key, Outcome.INTERRUPTED, why, frame.shape.spec.grace)

    # ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def close(self, endings: Endings, named: Sequence[str], written: Sequence[Written] = ()) -> None:
        """These attempts of one job have ended: kept, then told (once the server listens and has their output).

        ``named``: the same as keys.
        """
        closed = Closed(endings=endings, written=written)
        self.out.append(Keep(record=closed))
        ready = self.ends.add(closed, named)
        if written:
            self.littered.update(str(item.attempt) for item in written)
            self.out += [Flush(written=item) for item in written]
        if self.lease.linked:
            self.out += ready

    def close_alike(self, attempts: Iterable[AttemptId], outcome: Outcome, detail: str) -> None:
        """These ended without having run to an end of their own."""
        for endings in alike(attempts, outcome, detail):
            self.close(endings, keys(endings))

    def pause(self, whom: Pause, why: str) -> None:
        """Take nothing new from now on, and tell the server; everything in the hand goes back to it."""
        if self.pauses.get(whom) != why:
            self.pauses[whom] = why
            self.out.append(self.draining())
            self.give_back(why)

    def give_back(self, why: str) -> None:
        """Everything in the hand goes back to the server."""
        self.close_alike(self.hand.take_arrived(NEVER), Outcome.RETURNED, why)

    def vanish(self, lost: Iterable[str], outcome: Outcome, detail: str, now: float) -> None:
        """These are gone from the host, and nobody will say how they ended."""
        for key in [key for key in lost if key in self.running.by_key]:
            halt = self.running.halts.get(key)
            (ended,) = self.running.end([key], now)
            attempt = ended.attempt
            self.tally.rest([ended], now)
            if key in self.running.dropped:
                self.forget_each([attempt])
                continue
            why, said = (Outcome(halt.outcome), halt.detail) if halt else (outcome, detail)
            self.tally.ended([ended], [why], [0.0], now)
            self.close_alike([attempt], why, said)

    def forget(self, attempts: Attempts, named: Sequence[str]) -> None:
        """Nothing of these is needed any more. ``named``: the same as keys."""
        self.out.append(Keep(record=Gone(attempts=attempts)))
        self.running.dropped.difference_update(named)
        if not self.littered.isdisjoint(named):
            litter = [a for key, a in zip(named, attempt_ids(attempts), strict=True) if key in self.littered]
            self.littered.difference_update(named)
            self.out.append(Forget(attempts=litter))

    def forget_each(self, attempts: Iterable[AttemptId]) -> None:
        """The same, of any jobs."""
        for group in by_job(attempts):
            self.forget(group, keys(group))

    def check(self) -> None:
        """Everything that must be true between two events."""
        self.hand.check()
        self.running.check()
        self.ends.check()
        places = [self.hand.keys, self.running.by_key.keys(), {str(attempt) for attempt in self.ends.attempts()}]
        assert len(set().union(*places)) == sum(map(len, places)), "an attempt is in two places"
        assert not (self.hand and (self.pauses or self.void)), "something waits that will not be begun"
        assert not self.out, "actions that nobody took"
