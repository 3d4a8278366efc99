"""One step under way: the picture it works on, the time it is, and what it wants so far."""

from paceline.core.cluster import Cluster
from paceline.core.strategy import SPREAD, Strategy
from paceline.model.decision import Message
from paceline.model.ids import JobId, WorkerId
from paceline.model.records import Record


class Terms:
    """How often a worker beats and how long its work is its own, in seconds; and who is given work first."""

    __slots__ = ("beat", "lease", "strategy")

    def __init__(self, *, beat: float, lease: float, strategy: Strategy = SPREAD) -> None:
        self.beat = beat
        self.lease = lease
        self.strategy = strategy


class Step:
    """Records to keep and messages to send, in the order they were wanted."""

    __slots__ = ("cluster", "messages", "now", "records", "terms", "touched")

    def __init__(self, cluster: Cluster, terms: Terms, now: float) -> None:
        self.cluster = cluster
        self.terms = terms
        self.now = now
        self.records: list[Record] = []
        self.messages: list[tuple[WorkerId, Message]] = []
        self.touched: dict[JobId, None] = {}  # jobs that may be over now

    def keep(self, record: Record) -> None:
        self.records.append(record)

    def send(self, worker: WorkerId, message: Message) -> None:
        self.messages.append((worker, message))
