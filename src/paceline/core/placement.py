"""Which waiting tasks go to which workers: one step, once per batch of events.

Queues are asked in the order of their heads' keys (``core/queue.py``); each hands tasks to workers in counts, never one
by one, so the work is proportional to queues and workers, not to tasks.

*Who is asked*: after a queue found no room anywhere it is stuck, and from then on only workers that changed since are
asked again, so a full fleet costs nothing. *How much each gets*: first what fits, by the strategy in force
(``core/strategy.py``); then, if such tasks are known to be short, some milliseconds of work ahead, so that a worker
never waits for us.

*Room for wide tasks*: the first queue in the line that has been stuck for a minute keeps the worker that is nearest to
having room for it, and those after it are not offered that one (``core/reservation.py``). Their turn there comes once
the queue has been served or has gone: until then the worker counts as changed in every step.
"""

from collections.abc import Sequence
from functools import partial
from heapq import heappop, heappush

from paceline.core.candidates import Candidates
from paceline.core.job import Job
from paceline.core.queue import ResourceClass
from paceline.core.reservation import Reservation, reserve
from paceline.core.step import Step
from paceline.core.worker import Room, Worker
from paceline.model.columns import Attempts
from paceline.model.decision import Grant
from paceline.model.records import AttemptsGranted
from paceline.model.resources import Need

FEW = 4
"""Workers of which all are looked at sooner than they are put in order."""


def place(step: Step) -> None:
    """Grant all that can be granted now."""
    cluster = step.cluster
    candidates = Candidates(cluster.workers, cluster.changed)
    cluster.ranking.moved |= cluster.changed
    cluster.changed = {}
    kept, cluster.reserved = cluster.reserved, None
    line = cluster.queues.line()
    while line:
        _, _, queue, job = heappop(line)
        asked = candidates.changed if queue.stuck else cluster.workers
        if not _place_some(step, job, candidates, _turn(job, len(asked), contested=bool(line))):
            queue.found_no_room(step.now)
            if line and not cluster.reserved:
                _reserve(step, job, candidates, kept)
            continue
        queue.found_room()
        following = queue.head()
        if following:
            heappush(line, (following.key, following.id, queue, following))
        else:
            queue.emptied()


def _reserve(step: Step, job: Job, candidates: Candidates, kept: Reservation | None) -> None:
    """Keep a worker from the rest of the line, if it is time. It counts as changed for when it is kept no longer."""
    found = step.cluster.reserved = reserve(job, candidates, kept, step.now)
    if found:
        candidates.withhold(found.worker)
        step.cluster.worker_changed(found.worker)


def _turn(job: Job, workers: int, *, contested: bool) -> int:
    """How many tasks a job may get before the next one is looked at: all, or where jobs compete, a handful each."""
    return min(job.room(), max(32, 4 * workers)) if contested or job.queue.contested() else job.room()


def _place_some(step: Step, job: Job, candidates: Candidates, turn: int) -> bool:
    """Grant at most ``turn`` tasks of one job. False: nobody asked has room for its needs, so for no such job's."""
    for need in job.queue.needs:
        rooms = _rooms(step, job.queue, need, candidates, turn)
        placed = _start(step, job, need, rooms, turn)
        candidates.booked(worker for worker, _ in rooms)
        if placed < turn and need.gpu is None and not need.time and job.queue.brief():
            able = [w for w in candidates.of(job.queue) if not w.capacity.tasks and w.allows(need)]
            placed += _ahead(step, job, need, able, turn - placed)
        if placed:
            step.cluster.offer(job)
            return True
    return False


def _rooms(step: Step, queue: ResourceClass, need: Need, candidates: Candidates, wanted: int) -> Sequence[Room]:
    """Workers that could start such tasks, best first: all of them, or so many that each gets one."""
    strategy = step.terms.strategy
    if strategy.ranked and not queue.stuck:
        return step.cluster.ranking.first(need, wanted, step.now, candidates.withheld)
    if strategy.ranked and queue.contested() and len(candidates.changed) > FEW:
        return candidates.shortlist.first(need, wanted, step.now, candidates.withheld)
    able = [worker for worker in candidates.of(queue) if worker.allows(need)]
    rooms = [(worker, room) for worker in able if (room := worker.free_for(need, step.now)) > 0]
    return sorted(rooms, key=partial(strategy.order, need))


def _start(step: Step, job: Job, need: Need, rooms: Sequence[Room], wanted: int) -> int:
    """Hand out at most ``wanted`` tasks to workers that can start them. Returns how many found a place."""
    left = wanted
    for position, (worker, room) in enumerate(rooms):
        count = min(room, step.terms.strategy.share(left, len(rooms) - position))
        if count:
            _hand(step, job, worker, need, count)
            step.cluster.book(job, worker, need, count)
            left -= count
    return wanted - left


def _ahead(step: Step, job: Job, need: Need, able: Sequence[Worker], wanted: int) -> int:
    """Give workers that are full some milliseconds of short tasks to go on with. Returns how many found a place."""
    left = wanted
    for position, worker in enumerate(able):
        window = job.queue.prefetch(worker.slots_for(need)) - worker.ahead.get(need, 0)
        count = min(window, -(-left // (len(able) - position)))
        if count > 0:
            _hand(step, job, worker, need, count)
            step.cluster.book_ahead(job, worker, need, count)
            left -= count
    return wanted - left


def _hand(step: Step, job: Job, worker: Worker, need: Need, count: int) -> None:
    """The next ``count`` tasks of the job are the worker's."""
    indexes = job.waiting.take(count)
    numbers = step.cluster.grant(job, worker, need, indexes, step.now)
    attempts = Attempts(job=job.id, indexes=indexes, numbers=numbers if max(numbers) > 1 else ())
    step.keep(AttemptsGranted(worker=worker.id, attempts=attempts, at=step.now))
    payloads = job.payloads.take(indexes) if job.payloads else ()
    step.send(worker.id, Grant(attempts=attempts, spec=job.spec.run, need=need, payloads=payloads))
