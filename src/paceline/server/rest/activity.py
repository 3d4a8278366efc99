"""What every worker does now, at the path and with the words that users of TensorFleet know."""

from collections.abc import Sequence
from itertools import islice

import msgspec
from litestar import get

from paceline.core.job import Attempt
from paceline.core.worker import Worker
from paceline.server.fleet import Fleet
from paceline.server.operations.workers import GONE
from paceline.server.rest.here import Here

SHOWN = 100
"""Tasks listed of one worker; ``active_tasks`` counts all."""


class Activity(msgspec.Struct, kw_only=True):
    """A task that a worker holds."""

    task_id: str  # "3.17"
    job_id: str
    job_name: str
    kind: str
    attempt: int
    status: str  # "RUNNING", or "ASSIGNED" before it began
    granted_at: float  # seconds since 1970


class ActiveWorker(msgspec.Struct, kw_only=True):
    """A worker and what it holds."""

    worker_id: str  # its name
    number: int
    host: str
    status: str
    active_tasks: int
    last_heartbeat: float  # seconds since 1970
    tasks: Sequence[Activity]


class WorkerActivity(msgspec.Struct, kw_only=True):
    """All workers that are there."""

    total_workers: int
    active_workers: int  # with at least one task
    active_tasks: int
    workers: Sequence[ActiveWorker]


@get("/worker-activity", tags=["workers"])
async def worker_activity(fleet: Here) -> WorkerActivity:
    """What every worker does now: of each, its first hundred tasks."""
    there = [_active(worker) for worker in _there(fleet)]
    return WorkerActivity(
        total_workers=len(there),
        active_workers=sum(worker.active_tasks > 0 for worker in there),
        active_tasks=sum(worker.active_tasks for worker in there),
        workers=there,
    )


def _there(fleet: Fleet) -> list[Worker]:
    return [worker for worker in fleet.cluster.workers.values() if worker.state not in GONE]


def _active(worker: Worker) -> ActiveWorker:
    return ActiveWorker(
        worker_id=worker.name,
        number=worker.id,
        host=worker.machine.host,
        status=worker.state,
        active_tasks=len(worker.held),
        last_heartbeat=worker.seen_at,
        tasks=[_activity(attempt) for attempt in islice(worker.held.values(), SHOWN)],
    )


def _activity(attempt: Attempt) -> Activity:
    job = attempt.job
    return Activity(
        task_id=str(attempt.id.task),
        job_id=str(job.id),
        job_name=job.spec.name,
        kind=job.spec.run.kind,
        attempt=attempt.number,
        status="STOPPING" if attempt.stopping else "RUNNING" if attempt.started else "ASSIGNED",
        granted_at=attempt.granted_at,
    )
