"""What a simulation says is what must come out, where that can be told without one."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from paceline.model.errors import UsageError
from paceline.model.resources import GpuNeed, Need
from paceline.sim.duration import Duration
from paceline.sim.engine import Pace
from paceline.sim.fleet import parse_fleet
from paceline.sim.planning import fill, simulate
from paceline.sim.policy import POLICIES
from paceline.sim.report import Report
from paceline.sim.synthetic import made_up
from paceline.sim.work import Batch

SLACK = 0.05
"""Seconds in which messages travel and steps are kept."""
MINUTE = Duration(form="fixed", first=60.0)
BATCH = Batch(at=0.0, name="batch", count=1, needs=(Need(),), duration=MINUTE)


def play(fleet: str, *work: Batch, policy: str = "spread", pace: Pace = Pace()) -> Report:  # noqa: B008 - frozen
    return simulate(parse_fleet([fleet]), work, POLICIES[policy], pace)


def test_what_fits_at_once_takes_as_long_as_one() -> None:
    found = play("10x4", replace(BATCH, count=40))
    assert found.makespan == pytest.approx(60.0, abs=SLACK)
    assert found.waits.most < SLACK
    assert found.utilisation == {"cpu": pytest.approx(1.0, abs=1e-3), "memory": 0.0}
    assert (found.tasks, found.jobs, found.workers) == (40, 1, 10)


def test_what_does_not_fit_waits_for_its_turn() -> None:
    found = play("10x4", replace(BATCH, count=120))
    assert found.makespan == pytest.approx(180.0, abs=SLACK)
    assert found.waits.p50 == pytest.approx(60.0, rel=0.02)
    assert found.waits.most == pytest.approx(120.0, abs=SLACK)
    assert found.utilisation["cpu"] == pytest.approx(1.0, abs=1e-2)


def test_memory_and_devices_count_too() -> None:
    need = Need(cpu=1000, memory=1 << 30, gpu=GpuNeed(milli=1000))
    found = play("2x8:4GiB:A100:2", replace(BATCH, count=8, needs=(need,)))
    assert found.makespan == pytest.approx(120.0, abs=SLACK)
    assert found.utilisation["gpu"] == pytest.approx(1.0, abs=1e-2)
    assert found.utilisation["memory"] == pytest.approx(0.5, abs=1e-2)
    assert found.utilisation["cpu"] == pytest.approx(0.25, abs=1e-2)


def test_a_limit_is_kept() -> None:
    assert play("10x4", replace(BATCH, count=4, limit=2)).makespan == pytest.approx(120.0, abs=SLACK)


def test_short_tasks_are_handed_out_ahead_and_all_are_done() -> None:
    found = play("4x2", replace(BATCH, count=5_000, duration=Duration(form="exp", first=0.004)))
    assert found.tasks == 5_000
    assert found.makespan < 5.0
    assert found.messages_per_task < 1.0


def test_what_waits_in_a_hand_for_too_long_goes_back_and_is_done_elsewhere() -> None:
    """Tasks that are taken to be short, and then are not."""
    work = [replace(BATCH, count=500, duration=Duration(form="fixed", first=0.001))]
    work += [replace(BATCH, at=5.0, count=200, duration=Duration(form="uniform", first=0.001, second=2.0))]
    found = play("2x1", *work)
    assert found.tasks == 700
    assert found.words["AttemptsEnded"] > 0


def test_priority_goes_first_unless_nobody_looks_at_it() -> None:
    low, high = replace(BATCH, count=40), replace(BATCH, at=1.0, count=4, priority=1, duration=MINUTE)
    asked = play("1x4", low, high)
    plain = play("1x4", low, high, policy="fifo")
    assert asked.makespan == pytest.approx(plain.makespan, abs=SLACK)
    assert asked.digest != plain.digest


def test_work_that_comes_later_is_waited_for() -> None:
    found = play("1x4", BATCH, replace(BATCH, at=3600.0))
    assert found.makespan == pytest.approx(3660.0, abs=SLACK)
    assert found.utilisation["cpu"] == pytest.approx(120 / 3660 / 4, rel=1e-3)


def test_beats_are_played_or_counted() -> None:
    counted = play("20x4", replace(BATCH, count=80))
    played = play("20x4", replace(BATCH, count=80), pace=Pace(beat=5.0))
    assert counted.beats_per_second == 8.0
    assert "WorkerBeat" not in counted.words
    assert played.words["WorkerBeat"] == played.words["BeatHeard"] >= 20 * 11
    assert played.makespan == pytest.approx(counted.makespan, abs=SLACK)
    assert played.messages_per_task == counted.messages_per_task


def test_what_would_never_run_is_refused() -> None:
    with pytest.raises(UsageError, match=r"batch: no worker could ever run a task that needs 32 cpus, 1GiB") as refused:
        play("4x16", replace(BATCH, needs=(Need(cpu=32_000, memory=1 << 30),)))
    assert refused.value.hint.startswith("the largest has 16 cpus and 64GiB; add larger ones")
    with pytest.raises(UsageError, match="work.csv:7: no worker .* gpus A100:1"):
        play("4", replace(BATCH, needs=(Need(gpu=GpuNeed(milli=1000, models=("A100",))),), origin="work.csv:7"))


def test_a_trace_is_repeated_until_there_are_enough_tasks() -> None:
    work = [replace(BATCH, count=3), replace(BATCH, at=10.0, count=5)]
    assert [(each.at, each.count) for each in fill(work, 18)] == [(0, 3), (10, 5), (15, 3), (25, 5), (30, 2)]
    assert fill(work, 2) == [replace(BATCH, count=2)]


# ── the same again ──────────────────────────────────────────────────────────────────────────────────────────────────


def digests(seeds: Sequence[int]) -> list[str]:
    machines = parse_fleet(["6x8:16GiB", "1x16:128GiB:A100:2"])
    return [
        simulate(machines, made_up(400, machines, seed), policy, Pace(seed=seed)).digest
        for seed in seeds
        for policy in POLICIES.values()
    ]


PROGRAM = "from tests.sim.test_planning import digests; import sys; sys.stdout.write(' '.join(digests([1])))"


@pytest.mark.system
def test_the_same_seed_decides_the_same_in_every_process() -> None:
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    told = subprocess.run([sys.executable, "-c", PROGRAM], env=env, check=True, capture_output=True, text=True)
    assert told.stdout.split() == digests([1])


def test_another_seed_is_other_work() -> None:
    first, again, other = (made_up(500, parse_fleet(["10"]), seed) for seed in (1, 1, 2))
    assert first == again != other
    assert sum(batch.count for batch in first) == sum(batch.count for batch in other) == 500


def test_work_is_made_up_for_the_fleet_there_is() -> None:
    small = made_up(300, parse_fleet(["3x2"]), 1)
    assert {need for batch in small for need in batch.needs} == {Need(cpu=1000, memory=2 << 30)}
    tiny = made_up(10, parse_fleet(["3x0.5:1GiB"]), 1)
    assert sum(batch.count for batch in tiny) == 10
