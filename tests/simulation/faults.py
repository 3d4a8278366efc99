"""Everything that can go wrong, by name; which of it does go wrong in one story, and how often it did."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from tests.simulation.timeline import Timeline


class Fault(StrEnum):
    """One kind of trouble."""

    # the network
    DELAY = "a word takes seconds"
    DUPLICATE = "a word comes twice"
    DROP = "words are lost with their connection"
    REORDER = "words of an old connection come after the next one's"
    PARTITION = "nothing gets through"
    PARTITION_UP = "nothing gets through to the server"
    PARTITION_DOWN = "nothing gets through to the worker"
    REQUEST_LOST = "a user's request is lost"
    REQUEST_TWICE = "a user's request comes twice"
    REPLY_LOST = "a user's answer is lost"
    # workers
    AGENT_CRASH = "an agent dies, what it runs goes on"
    AGENT_CRASH_SPEAKING = "an agent dies between writing down and saying"
    AGENT_STOPPED = "an agent hangs for a while"
    AGENT_INTERRUPTED = "a worker is told to leave"
    SUPERVISOR_CRASH = "a supervisor dies"
    HOST_CRASH = "a host dies"
    HOST_GONE = "a host dies and never comes back"
    SPOOL_FULL = "a spool cannot be written"
    OUTPUT_FULL = "a worker's disk has no place for output either"
    SPOOL_LOST = "a spool is gone, or its end is"
    WARM_CRASH = "a warm process dies under a frame"
    SLOW = "a task takes much longer than the others"
    POISON = "a task takes its worker down"
    # the server
    CRASH = "the server dies at any moment"
    CRASH_DECIDED = "the server dies before it keeps what it decided"
    CRASH_KEEPING = "the server dies while it is being kept"
    CRASH_KEPT = "the server dies before it says what is kept"
    CRASH_SPEAKING = "the server dies between two words"
    CRASH_RECOVERING = "the server dies again as it starts"
    SERVER_STOPPED = "the server hangs for a while"
    SLOW_DISK = "a commit takes seconds"
    DISK_FULL = "the disk is full"
    STORE_BROKEN = "a commit fails"
    LEADER_CHANGE = "a server starts while another still runs"
    STALE_WRITE = "a server writes after it was replaced"
    CLOCK_JUMP = "a host's date is wrong"
    CLOCK_RATE = "a clock ticks too fast or too slowly"
    # what users do
    CANCEL = "tasks are cancelled"
    CANCEL_RACE = "a task ends while it is being cancelled"
    DRAIN = "a worker is drained"
    BURST = "a large array is submitted"
    DAG = "jobs come after jobs"
    DEPENDENCY_FAILURE = "a job that others come after does not succeed"
    OPEN_JOB = "a job grows while it runs"


CRASHES = (Fault.CRASH_DECIDED, Fault.CRASH_KEEPING, Fault.CRASH_KEPT, Fault.CRASH_SPEAKING)
"""The steps of a decision at which a server can die."""

SHARE = 0.6
"""Of all kinds of trouble, so much is possible in any one story: some bugs show only where little else happens."""


class Weather:
    """What can go wrong in this story while it is bad; ``counts`` what did."""

    def __init__(self, timeline: Timeline) -> None:
        self.bad = True
        self.counts: Counter[Fault] = Counter()
        self._timeline = timeline
        self._possible = {fault for fault in Fault if timeline.chance.random() < SHARE}

    def strikes(self, fault: Fault, probability: float) -> bool:
        """Whether it goes wrong now. It is counted."""
        if self.bad and fault in self._possible and self._timeline.chance.random() < probability:
            self.counts[fault] += 1
            return True
        return False

    def any_of(self, faults: Sequence[Fault]) -> Fault | None:
        """One that is possible in this story, if any is. Whoever makes it happen counts it."""
        possible = [fault for fault in faults if fault in self._possible] if self.bad else []
        return self._timeline.chance.choice(possible) if possible else None

    def count(self, fault: Fault) -> None:
        """It happened."""
        self.counts[fault] += 1

    def clear_up(self) -> None:
        """Nothing goes wrong from here on."""
        self.bad = False
