"""Room for who needs much of it at once: a worker that fills up no further until it suits.

Where small tasks wait behind a large one, every bit of room that comes free would be theirs before it is enough for it.
So the first in the line that has found none for a while keeps one worker, and nobody after it is offered that one.
What runs there ends, nothing of theirs follows, and of the workers it is always the least loaded: whenever the choice
falls on another, that one is emptier, so the wait comes to an end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paceline.core.candidates import Candidates
from paceline.core.job import Job
from paceline.core.worker import Worker
from paceline.model.worker import WorkerState

RESERVE = 60.0
"""Seconds after which a queue that finds no room may keep a worker: short tasks never wait so long, and those that do
lose little by it.
"""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A worker that is kept free, and the job it is kept for."""

    worker: Worker
    job: Job


def reserve(job: Job, candidates: Candidates, kept: Reservation | None, now: float) -> Reservation | None:
    """Keep a worker from those after the job. None: it has not waited long enough, or nothing here could help.

    Machines with devices come last, and who asks for devices keeps none: small tasks do not take those. The one that
    was ``kept`` so far is still the best but for those that changed since.
    """
    if now - job.queue.since < RESERVE:
        return None
    best = None
    if kept and kept.job is job and _able(job, [kept.worker], now):
        best = _best(job, [kept.worker, *candidates.changed], now)
    best = best or _best(job, candidates.ready, now)
    return Reservation(best, job) if best else None


def _best(job: Job, workers: Sequence[Worker], now: float) -> Worker | None:
    able = _able(job, workers, now)
    return min(able, key=lambda worker: (bool(worker.capacity.gpus), worker.load(), worker.id), default=None)


def _able(job: Job, workers: Sequence[Worker], now: float) -> list[Worker]:
    needs = [need for need in job.queue.needs if need.gpu is None]
    return [
        worker
        for worker in workers
        if worker.state is WorkerState.READY and any(worker.allows(need) and worker.lasts(need, now) for need in needs)
    ]
