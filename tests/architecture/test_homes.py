"""Who may import what from outside, and who may ask the machine."""

import graphlib
import sys
from collections.abc import Iterator, Mapping

import pytest

from tests.architecture.exceptions import ENVIRONMENT, demand, demand_none
from tests.architecture.source import Source, imported, package, parse, uses

HOMES: Mapping[str, tuple[str, ...]] = {
    "click": ("cli/",),
    "cloudpickle": ("sdk/functions.py", "executors/user_code.py"),
    "google": ("wire/", "sdk/connection.py", "agent/way.py"),
    "grpc": (
        "wire/",
        "server/app.py",
        "server/gate.py",
        "server/grpc_fleet.py",
        "agent/join.py",
        "agent/face/status.py",
    ),
    "msgspec": (
        "kinds.py",
        "orders/",
        "tasks/",
        "stores/",
        "sdk/",
        "cli/",
        "recording/",
        "server/feed.py",
        "server/rest/",
        "agent/memory.py",
        "agent/supervision.py",
        "agent/face/",
    ),
    "grpc_health": ("wire/standard.py",),
    "grpc_reflection": ("wire/standard.py",),
    "litestar": ("server/rest/",),
    "mlflow": ("train/mlflow_runs.py",),
    "numpy": ("tasks/train/",),
    "opentelemetry": ("telemetry/otlp.py", "sdk/tracing.py"),
    "optuna": ("sdk/sweeps/study.py",),
    "prometheus_client": ("wire/exposition.py", "server/metrics.py", "agent/face/metrics.py"),
    "psutil": ("agent/machine.py", "agent/face/load.py", "cli/doctor/processes.py", "tasks/train/usage.py"),
    "pyarrow": ("tasks/train/",),
    "pymongo": ("catalogs/mongo.py",),
    "pynvml": (
        "agent/machine.py",
        "agent/face/gpus.py",
    ),
    "rich": ("cli/live/", "cli/transfer.py"),
    "safetensors": ("tasks/train/neural_network/tensor_file.py",),
    "sklearn": ("tasks/train/",),
    "skops": ("tasks/train/skops_file.py",),
    "sqlite3": ("stores/sqlite_file/", "catalogs/"),
    "torch": ("tasks/train/neural_network/",),
    "xgboost": ("tasks/train/xgboost",),
    "uvicorn": ("wire/listening.py",),
    "yaml": ("orders/jobfile/",),
}
"""Each outside package, and the one place that knows it. ``sqlite3`` is listed because the same holds for it."""

PURE = {
    "array",
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "heapq",
    "itertools",
    "math",
    "operator",
    "paceline",
    "re",
    "typing",
}
"""All that ``model`` and ``core`` may import: nothing here waits, asks, remembers or guesses."""

ENVIRON = {"os.environ", "os.environb", "os.getenv", "os.putenv", "os.unsetenv"}


def strangers(source: Source) -> Iterator[str]:
    """Imports of outside packages away from their home."""
    for node, name in imported(source.tree):
        root = name.split(".")[0]
        listed = root in HOMES or (root not in sys.stdlib_module_names and root != "paceline")
        if listed and not source.place.startswith(HOMES.get(root, ())):
            yield f"{source.at(node)} imports {root}"


def impurities(source: Source) -> Iterator[str]:
    """Imports that a decision has no use for."""
    for node, name in imported(source.tree):
        if name.split(".")[0] not in PURE:
            yield f"{source.at(node)} imports {name}"


def test_each_outside_package_has_one_home() -> None:
    demand_none(finding for source in package() for finding in strangers(source))


def test_every_home_is_lived_in() -> None:
    lived = {(name.split(".")[0], source.place) for source in package() for _, name in imported(source.tree)}
    empty = [
        f"{home} imports no {outside}"
        for outside, homes in HOMES.items()
        for home in homes
        if not any(root == outside and place.startswith(home) for root, place in lived)
    ]
    demand_none(empty)


def test_words_and_decisions_are_pure() -> None:
    inner = [source for source in package() if source.package in ("model", "core")]
    demand_none(finding for source in inner for finding in impurities(source))


def test_the_environment_is_read_in_one_place() -> None:
    readers = {source.place for source in package() if any(name in ENVIRON for _, name in uses(source))}
    demand(readers, ENVIRONMENT)


def test_a_process_is_started_only_through_its_app() -> None:
    doors = {"paceline.server.app", "paceline.agent.app"}
    inside = [
        f"{source.at(node)} imports {name}"
        for source in package()
        if source.package == "cli"
        for node, name in imported(source.tree)
        if name.startswith(("paceline.server", "paceline.agent")) and name.rpartition(".")[0] not in doors
    ]
    demand_none(inside)


def test_modules_import_each_other_in_one_direction() -> None:
    names = {module_name(source) for source in package()}
    graph = {module_name(source): set(_neighbours(source, names)) for source in package()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the cycle


def module_name(source: Source) -> str:
    """``server/loop.py`` → ``paceline.server.loop``."""
    parts = source.place.removesuffix(".py").removesuffix("__init__").rstrip("/")
    return ".".join(["paceline", *parts.split("/")]) if parts else "paceline"


def _neighbours(source: Source, names: set[str]) -> Iterator[str]:
    for node, name in imported(source.tree):
        if node.col_offset == 0:  # an import inside a function closes no cycle when modules load
            target = name if name in names else name.rpartition(".")[0]
            if target in names and target != module_name(source):
                yield target


@pytest.mark.parametrize(
    ("text", "place", "finding"),
    [
        ("import grpc", "core/x.py", "core/x.py:1 imports grpc"),
        ("def f():\n    from numpy import array", "cli/x.py", "cli/x.py:2 imports numpy"),
        ("import requests", "sdk/x.py", "sdk/x.py:1 imports requests"),
        ("import sqlite3", "server/x.py", "server/x.py:1 imports sqlite3"),
    ],
)
def test_a_stranger_is_found(text: str, place: str, finding: str) -> None:
    assert list(strangers(parse(text, place))) == [finding]


def test_an_impurity_is_found() -> None:
    assert list(impurities(parse("from time import monotonic", "core/x.py"))) == ["core/x.py:1 imports time.monotonic"]


def test_an_alias_hides_nothing() -> None:
    found = [name for _, name in uses(parse("import os as o\nfrom os import getenv as g\no.environ['A'], g('B')"))]
    assert {"os.environ", "os.getenv"} <= set(found)
