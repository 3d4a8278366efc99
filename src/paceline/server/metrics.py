"""What the server shows to Prometheus. Nothing in it is by task, by job or by worker: those may be many.

Counts are the ``meter``'s. What stands in the picture is counted when somebody asks, a slice of jobs at a time, so that
ten thousand of them hold up nobody's work.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client.core import Metric

from paceline import __version__
from paceline.core.job import Job
from paceline.core.views import job_state
from paceline.core.worker import Worker
from paceline.model.resources import WHOLE
from paceline.model.task import TaskState
from paceline.model.worker import WorkerState
from paceline.server.fleet import Fleet
from paceline.server.meter import Meter
from paceline.wire.exposition import counter, counters, expose, gauge, gauges, histogram, info

SLICE = 500
"""Jobs that are looked at before others get their turn."""
GONE = (WorkerState.LOST, WorkerState.LEFT)

Labels = tuple[str, ...]


async def exposition(fleet: Fleet, accept: str = "") -> tuple[bytes, str]:
    """All of it as text, and the text's media type."""
    return expose(families(fleet, await look(fleet)), accept)


@dataclass(slots=True)
class Seen:
    """What there is of jobs that are not over."""

    jobs: Counter[Labels] = field(default_factory=Counter)  # by state
    tasks: Counter[Labels] = field(default_factory=Counter)  # by kind, state
    oldest: dict[Labels, float] = field(default_factory=dict)  # by kind: when the first job with waiting tasks came

    def add(self, job: Job) -> None:
        """One more."""
        kind = job.spec.run.kind
        blocked = bool(job.blockers)
        self.jobs[job_state(job),] += 1
        self.tasks[kind, TaskState.BLOCKED if blocked else TaskState.WAITING] += job.waiting.count
        self.tasks[kind, TaskState.BACKOFF] += len(job.backing_off)
        self.tasks[kind, TaskState.RUNNING] += len(job.live)
        if job.waiting.count and not blocked:
            self.oldest[kind,] = min(job.kept.at, self.oldest.get((kind,), job.kept.at))


async def look(fleet: Fleet) -> Seen:
    """All jobs. Others have their turn in between, so the numbers are not of one moment exactly."""
    seen = Seen()
    for number, job in enumerate(list(fleet.cluster.jobs.values()), 1):
        seen.add(job)
        if not number % SLICE:
            await asyncio.sleep(0)
    return seen


def families(fleet: Fleet, seen: Seen) -> Iterator[Metric]:
    """Every family, in the order in which docs/metrics.md lists them."""
    yield from _server(fleet)
    yield from _queue(fleet, seen)
    yield from _flow(fleet.loop.meter)
    yield from _workers(fleet)
    yield from _store(fleet)


def _server(fleet: Fleet) -> Iterator[Metric]:
    facts = {"version": __version__, "store": "memory" if fleet.store_name == "memory" else "sqlite"}
    yield info("paceline_server_info", "Version and sort of store, as labels of a 1.", facts)
    yield gauge("paceline_server_start_time_seconds", "When this server started, since 1970.", fleet.started_at)
    yield gauge("paceline_server_ready", "1 while new work is accepted, else 0.", float(fleet.trouble is None))
    yield gauge("paceline_server_epoch", "This server's term; each start of a server has a later one.", fleet.epoch)


def _queue(fleet: Fleet, seen: Seen) -> Iterator[Metric]:
    now = fleet.clock.now()
    ages = {kind: max(0.0, now - at) for kind, at in seen.oldest.items()}
    yield gauges("paceline_jobs", "Jobs that are not over, by state.", ("state",), seen.jobs)
    yield gauges(
        "paceline_tasks",
        "Tasks that are not over, by kind and state; RUNNING are those that a worker holds.",
        ("kind", "state"),
        seen.tasks,
    )
    text = "How long ago the oldest job was submitted that has tasks which could start."
    yield gauges("paceline_queue_oldest_age_seconds", text, ("kind",), ages)
    yield gauge(
        "paceline_queue_classes", "Resource classes: queues of tasks with equal needs.", len(fleet.cluster.queues)
    )


def _flow(meter: Meter) -> Iterator[Metric]:
    ended: dict[Labels, float] = {(outcome,): float(count) for outcome, count in meter.ended.items()}
    over: dict[Labels, float] = {(state,): float(count) for state, count in meter.over.items()}
    yield counter("paceline_jobs_submitted_total", "Jobs accepted.", meter.submitted)
    yield counters("paceline_jobs_ended_total", "Jobs that are over, by final state.", ("state",), over)
    yield counter("paceline_attempts_granted_total", "Attempts given to workers.", meter.granted)
    yield counters("paceline_attempts_ended_total", "Attempts that ended, by outcome.", ("outcome",), ended)
    yield counter("paceline_reports_total", "Progress reports kept.", meter.reports)
    yield counter("paceline_task_output_bytes_total", "Bytes of tasks' output kept.", meter.output)
    yield counter("paceline_core_events_total", "Events the core has decided on.", meter.events)
    yield histogram("paceline_core_step_seconds", "Time of one step of the core, which takes a batch.", meter.steps)
    yield counter("paceline_store_records_total", "Records made durable.", meter.records)
    yield histogram("paceline_store_commit_seconds", "Time until a batch of records was durable.", meter.commits)


def _workers(fleet: Fleet) -> Iterator[Metric]:
    workers = list(fleet.cluster.workers.values())
    present = [worker for worker in workers if worker.state not in GONE]
    states = Counter(worker.state for worker in workers)
    now = fleet.clock.now()
    age = max((now - worker.seen_at for worker in present), default=0.0)
    shown: dict[Labels, float] = {(state.value,): states[state] for state in WorkerState}
    yield gauges("paceline_workers", "Workers, by state.", ("state",), shown)
    yield gauge("paceline_links", "Workers that are connected.", len(fleet.links))
    text = "How long ago the worker was heard of that has been silent longest, of those not lost or gone."
    yield gauge("paceline_worker_heartbeat_age_max_seconds", text, max(0.0, age))
    ready = [worker for worker in present if worker.state is WorkerState.READY]
    yield gauges("paceline_fleet_cpus", "Processors of ready workers.", ("state",), _shares(ready, "cpu", WHOLE))
    yield gauges("paceline_fleet_memory_bytes", "Memory of ready workers.", ("state",), _shares(ready, "memory", 1))
    yield gauges("paceline_fleet_gpus", "GPUs of ready workers.", ("state",), _gpus(ready))


def _shares(workers: list[Worker], what: str, unit: int) -> dict[Labels, float]:
    """What there is and what of it is free, of a number that capacity and worker call alike."""
    total = sum(getattr(worker.capacity, what) for worker in workers) / unit
    free = sum(max(0, getattr(worker, what)) for worker in workers) / unit
    return {("free",): free, ("taken",): total - free}


def _gpus(workers: list[Worker]) -> dict[Labels, float]:
    free = sum(sum(worker.gpus) for worker in workers) / WHOLE
    return {("free",): free, ("taken",): sum(len(worker.gpus) for worker in workers) - free}


def _store(fleet: Fleet) -> Iterator[Metric]:
    if fleet.space.place:
        yield gauge("paceline_store_size_bytes", "Size of the store's files.", fleet.space.used())
        yield gauge("paceline_store_free_bytes", "Free space where the store lies.", fleet.space.free())
