"""A short run of ``make chaos``, and proof that its checks would notice."""

import asyncio
from dataclasses import replace
from pathlib import Path

import cloudpickle
import pytest

from paceline.model.ids import JobId
from tests.system.chaos import work
from tests.system.chaos.checks import Attempt, wrong
from tests.system.chaos.drive import Options, run
from tests.system.chaos.ledger import Promise

pytestmark = pytest.mark.system

PROMISE = Promise(job=JobId(1), kind="calls", count=1)
LOST = Attempt(job=1, name="calls-0", task=0, number=1, outcome="LOST", code=0, retry_at=5.0, result=b"", detail="")
DONE = replace(
    LOST, number=2, outcome="SUCCEEDED", retry_at=0.0, result=cloudpickle.dumps(work.value_of(0), protocol=5)
)


def test_a_short_run_keeps_every_promise(tmp_path: Path) -> None:
    ways = ("straight", "proxied")
    options = Options(home=tmp_path, seconds=3, faults=3, lanes=2, lease=2.0, hosts=ways, disks=False, pause=0.1)
    town, story = asyncio.run(run(options))
    assert not story.violations, "\n".join([*story.violations, story.log.read_text()])
    assert town.ledger.tasks > 200


def test_a_task_that_ended_right_is_right() -> None:
    assert not list(wrong(PROMISE, 0, [LOST, DONE]))


@pytest.mark.parametrize(
    "attempts",
    [
        pytest.param([], id="lost"),
        pytest.param([LOST], id="not over"),
        pytest.param([LOST, replace(DONE, number=3)], id="a number is missing"),
        pytest.param([replace(LOST, retry_at=0.0), DONE], id="two final ends"),
        pytest.param([replace(DONE, number=1), replace(LOST, number=2)], id="not its last attempt's end"),
        pytest.param([LOST, replace(DONE, result=b"")], id="another result"),
        pytest.param([LOST, replace(DONE, outcome="FAILED")], id="another outcome"),
        pytest.param([LOST, replace(DONE, outcome="POISON")], id="poison after one loss"),
        pytest.param([replace(LOST, outcome=""), DONE], id="an attempt without an end"),
    ],
)
def test_a_task_that_ended_wrong_is_noticed(attempts: list[Attempt]) -> None:
    assert list(wrong(PROMISE, 0, attempts))


def test_three_losses_are_poison() -> None:
    second = replace(LOST, number=2)
    assert not list(wrong(PROMISE, 0, [LOST, second, replace(DONE, number=3, outcome="POISON")]))
