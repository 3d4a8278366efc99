"""What is written and shipped about metrics speaks of those that there are: the document, the board, the rules."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.core import Metric

from paceline.agent.face.metrics import families as of_worker
from paceline.server.metrics import families as of_server
from paceline.server.metrics import look
from paceline.server.space import Space
from tests import prometheus
from tests.agent.face import Shown
from tests.architecture.source import ROOT
from tests.server.conftest import serving

BOARD = ROOT / "deploy/grafana/paceline.json"
PROMETHEUS = ROOT / "deploy/prometheus"
NAME = re.compile(r"\b(?:paceline|worker|process)_[a-z_]+")
OF_LIBRARY = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"}


def row(family: Metric) -> tuple[str, str, str, str]:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = getattr(family, "_labelnames")  # noqa: B009 - not public, and nothing else tells of labels without samples
    return name, family.type, ", ".join(f"`{label}`" for label in labels), family.documentation


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str, str]]:
    """Every family of both processes."""
    home = tmp_path_factory.mktemp("home")

    async def server() -> list[Metric]:
        async with serving(home) as served:
            fleet = replace(served.fleet, space=Space(place=str(home)))
            return list(of_server(fleet, await look(fleet)))

    return [row(each) for each in (*of_worker(Shown(home).vitals), *asyncio.run(server()))]


def named(text: str) -> set[str]:
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in NAME.findall(text)}


def expressions() -> Iterator[str]:
    for panel in json.loads(BOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def test_the_document_lists_every_family_and_no_other(shown: list[tuple[str, str, str, str]]) -> None:
    rows = [line.split("|")[1:-1] for line in (ROOT / "docs/metrics.md").read_text().splitlines()]
    listed = [tuple(cell.strip() for cell in cells) for cells in rows if cells and NAME.match(cells[0].strip(" `"))]
    assert sorted((name.strip("`"), *rest) for name, *rest in listed) == sorted(shown)


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_metric_of_the_board_exists(shown: list[tuple[str, str, str, str]], expression: str) -> None:
    assert named(expression)
    assert named(expression) <= {name for name, *_ in shown} | OF_LIBRARY


def test_panels_of_the_board_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(BOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_metric_of_the_rules_exists(shown: list[tuple[str, str, str, str]]) -> None:
    lines = (PROMETHEUS / "alerts.yml").read_text().splitlines()
    rules = "\n".join(line for line in lines if not line.strip().startswith(("description", "summary", "#", "- name")))
    assert len(named(rules)) > 8
    assert named(rules) <= {name for name, *_ in shown}


@prometheus.needs_promtool
def test_prometheus_takes_the_rules_and_the_example(tmp_path: Path) -> None:
    prometheus.promtool("check", "rules", PROMETHEUS / "alerts.yml")
    prometheus.promtool("check", "config", "--syntax-only", PROMETHEUS / "prometheus.yml")


@prometheus.needs_promtool
def test_the_rules_call_for_help_when_it_is_needed_and_only_then() -> None:
    prometheus.promtool("test", "rules", ROOT / "tests/docs/alerts.yml")
