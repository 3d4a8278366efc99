"""What a worker shows to Prometheus: names and labels that people know, and our own, over one source."""

import asyncio
import json
import math
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from paceline.agent.face.gpus import GpuLoad, read
from paceline.agent.face.metrics import exposition
from paceline.agent.frames import Shape
from paceline.executor import Progress
from paceline.model.job import Spec
from paceline.model.resources import Need
from tests import prometheus
from tests.agent.face import Shown

EXACTLY: Mapping[str, tuple[str, set[str]]] = {
    "worker_task_duration_seconds": ("histogram", {"model_type", "job_id"}),
    "worker_tasks_completed_total": ("counter", {"status", "model_type"}),
    "worker_training_loss": ("gauge", {"job_id", "task_id"}),
    "worker_cpu_usage_percent": ("gauge", set()),
    "worker_memory_usage_bytes": ("gauge", set()),
    "worker_concurrent_tasks": ("gauge", set()),
    "worker_node_tasks_total": ("counter", {"task_type", "status"}),
    "worker_node_tasks_active": ("gauge", set()),
    "worker_node_task_duration_seconds": ("histogram", {"task_type"}),
    "worker_node_cpu_usage_percent": ("gauge", set()),
    "worker_node_memory_usage_bytes": ("gauge", set()),
}
"""Of the two systems that people come from."""


def trained(home: Path) -> Shown:
    """One training that ended, one that runs and reports."""
    shown = Shown(home)
    shape = Shape(Spec(kind="train", body=b'{"model": "xgboost"}'), Need(cpu=1000))
    shown.world.grant(shape, 0, 1)
    shown.world.end("1.0#1")
    shown.world.hear(Progress(key="1.1#1", step=4, values=json.dumps({"loss": 0.25, "accuracy": 0.9})))
    return shown


def test_names_and_labels_are_exactly_those_people_know(tmp_path: Path) -> None:
    text = exposition(trained(tmp_path).vitals)[0].decode()
    types = dict(line.split()[2:] for line in text.splitlines() if line.startswith("# TYPE "))
    labels: dict[str, set[str]] = {}
    for family in parse(text):
        for sample in family.samples:
            name = sample.name if sample.name in EXACTLY else family.name
            labels.setdefault(name, set()).update(set(sample.labels) - {"le"})
    assert {name: (types[name], labels[name]) for name in EXACTLY} == EXACTLY


def test_both_families_say_the_same(tmp_path: Path) -> None:
    seen = prometheus.samples(exposition(trained(tmp_path).vitals)[0])
    assert seen["worker_tasks_completed_total", "xgboost", "completed"] == 1
    assert seen["worker_node_tasks_total", "success", "train"] == 1
    assert seen["worker_task_duration_seconds_sum", "1", "xgboost"] == 1.0
    assert seen["worker_node_task_duration_seconds_sum", "train"] == 1.0
    assert seen["worker_concurrent_tasks",] == seen["worker_node_tasks_active",] == 1
    assert seen["worker_cpu_usage_percent",] == seen["worker_node_cpu_usage_percent",]
    assert seen["worker_training_loss", "1", "1.1"] == 0.25


@pytest.mark.parametrize(
    ("outcome", "word", "node"), [("OOM", "failed", "failed"), ("CANCELLED", "cancelled", "cancelled")]
)
def test_words_for_an_end_are_each_familys_own(tmp_path: Path, outcome: str, word: str, node: str) -> None:
    shown = trained(tmp_path)
    shown.world.end("1.1#1", outcome=outcome)
    seen = prometheus.samples(exposition(shown.vitals)[0])
    assert seen["worker_tasks_completed_total", "xgboost", word] == 1
    assert seen["worker_node_tasks_total", node, "train"] == 1
    assert seen["paceline_worker_attempts_ended_total", "train", outcome] == 1


def test_a_simulation_says_so(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    shown.world.grant(Shape(Spec(kind="simulate", body=b'{"model": "xgboost"}'), Need(cpu=1000)), 0)
    shown.world.end("1.0#1")
    seen = prometheus.samples(exposition(shown.vitals)[0])
    assert seen["worker_tasks_completed_total", "simulated_xgboost", "completed"] == 1
    assert seen["worker_node_tasks_total", "success", "simulate"] == 1


def test_our_own_say_how_it_stands_with_the_server(tmp_path: Path) -> None:
    shown = trained(tmp_path)
    shown.clock.advance(3.0)
    seen = prometheus.samples(exposition(shown.vitals)[0])
    assert seen["paceline_worker_info", "box:50051", "0.1.0", "ada"] == 1
    assert seen["paceline_worker_linked",] == 1
    assert seen["paceline_worker_heartbeat_age_seconds",] == 3.0
    assert seen["paceline_worker_attempts", "unsettled"] == 1
    assert seen["paceline_worker_reports_total",] == 1


def test_devices_say_how_busy_they_are(tmp_path: Path) -> None:
    gpus = [GpuLoad(uuid="GPU-1", busy=0.5, memory_bytes=7), GpuLoad(uuid="MIG-2", busy=math.nan, memory_bytes=9)]
    seen = prometheus.samples(exposition(Shown(tmp_path).vitals, gpus)[0])
    assert seen["paceline_worker_gpu_busy_ratio", "GPU-1"] == 0.5
    assert math.isnan(seen["paceline_worker_gpu_busy_ratio", "MIG-2"])
    assert seen["paceline_worker_gpu_memory_used_bytes", "MIG-2"] == 9


def test_the_devices_of_this_machine_are_asked() -> None:
    assert all(gpu.uuid.startswith(("GPU-", "MIG-")) and gpu.memory_bytes >= 0 for gpu in read())


def test_open_metrics_for_who_asks_for_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with Shown(tmp_path).browser() as client:
            answer = await client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        assert answer.text.endswith("# EOF\n")

    asyncio.run(test())


@prometheus.needs_promtool
def test_prometheus_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    prometheus.promtool("check", "metrics", text=exposition(trained(tmp_path).vitals)[0])
