"""What a simulation counts while it runs."""

from collections import Counter
from collections.abc import Sequence

from paceline.core.cluster import Cluster
from paceline.model.decision import Decision
from paceline.model.events import Event
from paceline.model.resources import WHOLE, Need
from paceline.model.worker import Machine
from paceline.sim.measure import Histogram, Series
from paceline.sim.weigh import weigh

BEAT = 5.0
"""Seconds between two beats of a worker, where nobody says otherwise."""
WEIGH_AGAIN = 1.25
"""A picture that holds so many times as much as the heaviest that was weighed is weighed too."""


class Tally:
    """Times are seconds, memory bytes.

    ``series``: time, tasks waiting, then the shares of processors, memory and devices in use.
    """

    def __init__(self, machines: Sequence[Machine], cluster: Cluster) -> None:
        self._cluster = cluster
        self.capacity = (
            sum(machine.capacity.cpu for machine in machines),
            sum(machine.capacity.memory for machine in machines),
            sum(len(machine.capacity.gpus) * WHOLE for machine in machines),
        )
        self.workers = len(machines)
        self.digest = ""  # of all decisions
        self.waits = Histogram()
        self.steps = Histogram()  # CPU seconds of each
        self.words: Counter[type[object]] = Counter()  # what was said by and to the server
        self.submitted = self.started = self.ended = self.jobs = 0
        self.first_at = float("inf")  # the first submission
        self.last_at = 0.0  # the last end
        self.work = [0.0, 0.0, 0.0]  # what was in use, times seconds
        self.busy = [0, 0, 0]
        self.series = Series()
        self.heaviest = 0
        self._weighed = 0.0

    def submit(self, at: float, count: int) -> None:
        """One job of so many tasks."""
        self.jobs += 1
        self.submitted += count
        self.first_at = min(self.first_at, at)

    def start(self, need: Need, count: int, wait: float) -> None:
        """So many tasks began to run."""
        self.started += count
        self.waits.add(wait, count)
        self._occupy(need, count)

    def end(self, at: float, need: Need, count: int, seconds: float) -> None:
        """And are over."""
        self.ended += count
        self.last_at = max(self.last_at, at)
        self._occupy(need, -count)
        for position, amount in enumerate(_amounts(need)):
            self.work[position] += amount * count * seconds

    def step(self, now: float, events: Sequence[Event], decision: Decision, spent: float) -> None:
        """One step of the core, that took it so many CPU seconds."""
        self.steps.add(spent)
        self.words.update(map(type, events))
        self.words.update([type(message) for _, message in decision.messages])
        if self.series.due(now):
            shares = (used / most if most else 0.0 for used, most in zip(self.busy, self.capacity, strict=True))
            self.series.add(now, self.submitted - self.started, *shares)
        self._weigh()

    def _occupy(self, need: Need, count: int) -> None:
        busy = self.busy
        busy[0] += need.cpu * count
        busy[1] += need.memory * count
        if need.gpu:
            busy[2] += need.gpu.milli * count

    def _weigh(self) -> None:
        """When it may be heavier than ever: jobs and attempts are what grows."""
        size = self.started - self.ended + 10 * len(self._cluster.jobs)
        if size > WEIGH_AGAIN * self._weighed:
            self._weighed = size
            self.heaviest = max(self.heaviest, weigh(self._cluster))


def _amounts(need: Need) -> tuple[int, int, int]:
    return need.cpu, need.memory, need.gpu.milli if need.gpu else 0
