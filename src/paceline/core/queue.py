"""The order of waiting work, all of it measured in one unit: seconds of waiting.

Jobs whose tasks have equal needs share a queue, a *resource class*; within it they stand by **rank**, lowest first:

    rank = submitted − priority × DAY                       earlier is better; a step of priority is worth a day
    rank = min(rank, latest start − DAY)                    with a deadline: a day ahead of when it must start
    key  = rank + SHARE × processors the job now occupies   a job that has much waits for one that has little

*Ageing* comes for free: between two waiting jobs the difference of their ranks never changes, and every newcomer starts
behind. So no order has to be recomputed as time passes, and everybody's turn comes: whatever its priority, a job is
overtaken only by what was submitted within so many days after it. That there is room then, even for a task that needs a
whole worker, is the matter of ``core/reservation.py``. *Fairness* is the last line: of two arrays submitted together
each gets half of the fleet; one submitted an hour later catches up but for the 60 tasks an hour is worth.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from paceline.model.job import JobSpec
from paceline.model.resources import WHOLE, Need

if TYPE_CHECKING:
    from paceline.core.job import Job

DAY = 86_400.0
SHARE = 60.0 / WHOLE
"""Seconds that a job stands back for each thousandth of a processor it occupies."""

AHEAD = 0.1
"""Seconds of work that a worker may hold beyond its capacity, so that it never waits for us. Tasks that take longer
are handed out only when they can start. An agent gives back what has not begun after a quarter of a second: more than
twice as much, because a short task costs its worker several times what it takes itself.
"""

NEVER = float("inf")

REMEMBERED = 256
"""Queues beyond which those that no job stands in are forgotten, and with them how long such tasks took."""


def rank(spec: JobSpec, submitted: float) -> float:
    """Where a job stands before fairness: seconds since 1970, as if it had been submitted then."""
    place = submitted - spec.priority * DAY
    if spec.deadline:
        place = min(place, spec.deadline - spec.run.timeout - DAY)
    return place


HAND = 2048
"""Tasks that a worker may hold beyond its capacity, however short they are: what keeps even no-ops flowing, and no more
than an agent gets through before it would hand the last of them back."""


class ResourceClass:
    """The queue of all jobs whose tasks have equal needs, and what is known of such tasks."""

    __slots__ = ("_heap", "_standing", "jobs", "needs", "seconds", "share", "since", "stuck")

    def __init__(self, needs: tuple[Need, ...], share: float) -> None:
        self.needs = needs
        self.share = share
        self.jobs = 0  # that are not over
        self.seconds = -1.0  # how long such a task takes, smoothed; below 0: not known yet
        self.stuck = False  # no worker had room when last asked; only those that changed since need asking
        self.since = NEVER  # when it found no room for the first time after it last had some
        self._standing: dict[int, Job] = {}  # jobs with an entry below
        self._heap: list[tuple[float, int, Job]] = []  # an entry whose key is no longer its job's is void

    def push(self, job: "Job") -> None:
        """(Re)place a job that has waiting tasks at its present key; its older entry becomes void."""
        job.key = job.rank + self.share * job.busy
        self._standing[job.id] = job
        heappush(self._heap, (job.key, job.id, job))
        if len(self._heap) > 64 + 2 * len(self._standing):
            self._sweep()

    def head(self) -> "Job | None":
        """The job whose tasks go next."""
        heap = self._heap
        while heap:
            key, number, job = heap[0]
            if key == job.key:
                if job.ready():
                    return job
                self._standing.pop(number, None)
            heappop(heap)
        return None

    def found_room(self) -> None:
        """Something was granted. While it is stuck, it stays so: the others that were asked had no room."""
        self.since = NEVER

    def found_no_room(self, now: float) -> None:
        """Nobody who was asked had room."""
        self.stuck = True
        self.since = min(self.since, now)

    def emptied(self) -> None:
        """Nobody stands here; the next one may ask everybody."""
        self.stuck = False
        self.since = NEVER

    def contested(self) -> bool:
        """Whether jobs compete here, as far as is known without looking at them all."""
        return len(self._standing) > 1

    def forget(self, job: "Job") -> None:
        """It is over."""
        self._standing.pop(job.id, None)

    def _sweep(self) -> None:
        """Drop void entries, so that a long-lived job's many moves do not pile up."""
        self._standing = {number: job for number, job in self._standing.items() if job.ready()}
        self._heap = [(job.key, number, job) for number, job in self._standing.items()]
        heapify(self._heap)

    def measured(self, seconds: float, tasks: int) -> None:
        """Learn from tasks that took so many seconds each, on average."""
        if not 0.0 <= seconds < DAY:  # a worker's clock is not ours: what cannot be, teaches nothing
            return
        weight = 0.2 if tasks < 10 else 0.5
        self.seconds = seconds if self.seconds < 0 else self.seconds + weight * (seconds - self.seconds)

    def brief(self) -> bool:
        """Whether such tasks are known to be so short that a worker may hold some beyond its capacity."""
        return 0 <= self.seconds < AHEAD

    def prefetch(self, slots: int) -> int:
        """How many tasks that are brief a worker with so many ``slots`` may hold beyond its capacity."""
        return min(HAND, int(slots * AHEAD / max(self.seconds, 1e-5)))


class Queues:
    """All of them, by the needs they are for. ``share``: seconds that a job stands back for what it occupies."""

    __slots__ = ("_by_needs", "_share")

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self._by_needs: dict[tuple[Need, ...], ResourceClass] = {}

    def join(self, needs: tuple[Need, ...]) -> ResourceClass:
        """The queue that one more job with these needs belongs to."""
        queue = self._by_needs.get(needs)
        if queue is None:
            queue = self._by_needs[needs] = ResourceClass(needs, self._share)
        queue.jobs += 1
        return queue

    def leave(self, job: "Job") -> None:
        """The job is over."""
        queue = job.queue
        queue.forget(job)
        queue.jobs -= 1
        if not queue.jobs and len(self._by_needs) > REMEMBERED:
            del self._by_needs[queue.needs]

    def line(self) -> list[tuple[float, int, ResourceClass, "Job"]]:
        """The queues that have a job to place, in a heap by its key. The others will ask anew when they have one."""
        line: list[tuple[float, int, ResourceClass, Job]] = []
        for queue in self._by_needs.values():
            job = queue.head()
            if job:
                line.append((job.key, job.id, queue, job))
            else:
                queue.emptied()
        heapify(line)
        return line

    def __len__(self) -> int:
        return len(self._by_needs)

    def __iter__(self) -> Iterator[ResourceClass]:
        return iter(self._by_needs.values())
