"""What a worker shows to Prometheus: three families of names over one source.

``worker_…`` and ``worker_node_…`` are those of the systems that people come from, names and labels exactly;
``paceline_worker_…`` are our own. A task that goes on elsewhere has not ended, so the first two do not count it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.core import Metric

import paceline
from paceline.agent.face.gpus import GpuLoad
from paceline.agent.face.load import Load
from paceline.agent.face.vitals import Vitals
from paceline.agent.standing import Standing
from paceline.agent.tally import Tally, loss, verdict
from paceline.metering import Histogram
from paceline.wire.exposition import counter, counters, expose, gauge, gauges, histograms, info

NODE_WORDS: Mapping[str, str] = {"completed": "success", "failed": "failed", "cancelled": "cancelled"}

Labels = tuple[str, ...]


def exposition(vitals: Vitals, gpus: Sequence[GpuLoad] = (), accept: str = "") -> tuple[bytes, str]:
    """All of it as text, and the text's media type."""
    return expose(families(vitals, gpus), accept)


def families(vitals: Vitals, gpus: Sequence[GpuLoad] = ()) -> Iterator[Metric]:
    """Every family, in the order in which docs/metrics.md lists them."""
    now, load, standing, tally = vitals.clock.steady(), vitals.load(), vitals.standing(), vitals.tally
    yield from _worker(tally, load, standing, now)
    yield from _node(tally, load, standing)
    yield from _own(vitals, load, standing)
    yield from _gpus(gpus)


def _worker(tally: Tally, load: Load, standing: Standing, now: float) -> Iterator[Metric]:
    jobs: dict[Labels, Histogram] = {(model, str(job)): took for (model, job), took in tally.jobs.items(now)}
    text = "How long tasks took, by model (or kind) and job."
    yield histograms("worker_task_duration_seconds", text, ("model_type", "job_id"), jobs)
    ended: Counter[Labels] = Counter()
    for (sort, outcome), count in tally.ends.items():
        if word := verdict(outcome):
            ended[word, sort.model] += count
    yield counters("worker_tasks_completed_total", "Tasks that ended.", ("status", "model_type"), ended)
    losses: dict[Labels, float] = {(str(task.job), str(task)): loss(values) for task, values in tally.losses.items(now)}
    yield gauges("worker_training_loss", "Latest loss that a task reported.", ("job_id", "task_id"), losses)
    yield gauge("worker_cpu_usage_percent", "Processor use of the machine.", load.cpu)
    yield gauge("worker_memory_usage_bytes", "Memory in use on the machine.", load.memory_bytes)
    yield gauge("worker_concurrent_tasks", "Tasks at work.", standing.active)


def _node(tally: Tally, load: Load, standing: Standing) -> Iterator[Metric]:
    ended: Counter[Labels] = Counter()
    for (sort, outcome), count in tally.ends.items():
        if word := verdict(outcome):
            ended[sort.kind, NODE_WORDS[word]] += count
    yield counters("worker_node_tasks_total", "Tasks that ended, by kind.", ("task_type", "status"), ended)
    yield gauge("worker_node_tasks_active", "Tasks at work.", standing.active)
    kinds: dict[Labels, Histogram] = {(kind,): took for kind, took in tally.kinds.items()}
    yield histograms("worker_node_task_duration_seconds", "How long tasks took, by kind.", ("task_type",), kinds)
    yield gauge("worker_node_cpu_usage_percent", "Processor use of the machine.", load.cpu)
    yield gauge("worker_node_memory_usage_bytes", "Memory in use on the machine.", load.memory_bytes)


def _own(vitals: Vitals, load: Load, standing: Standing) -> Iterator[Metric]:
    options, tally, age = vitals.options, vitals.tally, vitals.beat_age()
    facts = {"worker": options.name, "server": options.server, "version": paceline.__version__}
    yield info("paceline_worker_info", "Name, server and version, as labels of a 1.", facts)
    yield gauge("paceline_worker_start_time_seconds", "When this agent started, since 1970.", vitals.started_at)
    yield gauge("paceline_worker_linked", "1 while the server is connected, else 0.", float(standing.linked))
    text = "How long ago the last sign of life was sent that the server answered."
    yield gauges("paceline_worker_heartbeat_age_seconds", text, (), {(): age} if age < float("inf") else {})
    states: Mapping[Labels, float] = {
        ("active",): standing.active,
        ("waiting",): standing.waiting,
        ("unsettled",): standing.unsettled,
    }
    text = "Attempts here: at work, granted and not begun, over and not known to be recorded."
    yield gauges("paceline_worker_attempts", text, ("state",), states)
    ended: Counter[Labels] = Counter()
    for (sort, outcome), count in tally.ends.items():
        ended[sort.kind, outcome] += count
    text = "Attempts that the supervisor had and that are over."
    yield counters("paceline_worker_attempts_ended_total", text, ("kind", "outcome"), ended)
    yield counter("paceline_worker_reports_total", "Progress reports of tasks.", tally.reports)
    yield gauge("paceline_worker_draining", "1 while nothing new is taken, else 0.", float(bool(standing.pauses)))
    yield gauge("paceline_worker_disk_free_bytes", "Free space where the worker works.", load.disk_free_bytes)


def _gpus(gpus: Sequence[GpuLoad]) -> Iterator[Metric]:
    busy: dict[Labels, float] = {(gpu.uuid,): gpu.busy for gpu in gpus}
    yield gauges(
        "paceline_worker_gpu_busy_ratio", "Share of the time that a GPU of the machine was busy.", ("gpu",), busy
    )
    memory: dict[Labels, float] = {(gpu.uuid,): gpu.memory_bytes for gpu in gpus}
    yield gauges("paceline_worker_gpu_memory_used_bytes", "Memory in use on a GPU of the machine.", ("gpu",), memory)
