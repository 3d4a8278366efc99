"""Spaces: what is drawn from them, and the words in which a bad one is refused, with their place in the job file."""

import json
from collections.abc import Sequence
from math import log
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from paceline.model.errors import UsageError
from paceline.orders import jobfile
from paceline.orders.space import corners, draw, parse_space

AROUND = jobfile.Surroundings(directory=Path("/project"), cwd=Path("/here"), now=1000.0)


def drawn(samples: int = 3, seed: int = 0, **space: object) -> Sequence[dict[str, Any]]:
    """The rows of a job file with that ``random``."""
    section = json.dumps({"samples": samples, "seed": seed, "space": space})
    (order,) = jobfile.parse(f"run: ./train\nrandom: {section}\n", "job.yaml", AROUND)
    assert sum(len(range(each.start, each.stop)) for each in order.spec.ranges) == samples
    return [json.loads(row) for row in order.payloads]


def test_the_same_seed_draws_the_same_rows() -> None:
    first, again, other = (
        drawn(9, seed, lr={"loguniform": [1e-5, 1e-1]}, net={"choice": ["a", "b"]}) for seed in (4, 4, 5)
    )
    assert first == again != other


def test_more_samples_and_more_parameters_leave_the_others_be() -> None:
    few = drawn(3, lr={"uniform": [0, 1]})
    many = drawn(9, depth={"int": [1, 9]}, lr={"uniform": [0, 1]})
    assert [row["lr"] for row in many[:3]] == [row["lr"] for row in few]


def test_values_are_spread_as_their_distribution_says() -> None:
    rows = drawn(3000, u={"uniform": [2, 4]}, v={"loguniform": [1e-4, 1]}, n={"int": [1, 3]}, c={"choice": ["x", 2]})
    u, v, n, c = ([row[name] for row in rows] for name in "uvnc")
    assert 2 <= min(u) <= max(u) <= 4
    assert mean(u) == pytest.approx(3, abs=0.05)
    assert 1e-4 <= min(v) <= max(v) <= 1
    assert mean(map(log, v)) == pytest.approx(log(1e-2), abs=0.15)
    assert {value: n.count(value) / 3000 for value in n} == pytest.approx({1: 1 / 3, 2: 1 / 3, 3: 1 / 3}, abs=0.05)
    assert c.count("x") / 3000 == pytest.approx(0.5, abs=0.05)
    assert set(c) == {"x", 2}


def test_a_choice_may_be_of_anything() -> None:
    assert {json.dumps(row["a"]) for row in drawn(50, a={"choice": [[8, 8], {"b": 1}, None]})} == {
        "[8, 8]",
        '{"b": 1}',
        "null",
    }


def test_a_single_value_is_a_distribution_too() -> None:
    assert drawn(1, a={"int": [3, 3]}, b={"loguniform": [0.1, 0.1]}) == [{"a": 3, "b": pytest.approx(0.1)}]


def test_every_extreme_is_in_a_corner() -> None:
    space = parse_space({"a": {"int": [1, 9]}, "b": {"choice": ["x", "y", "z"]}}, "space")
    assert corners(space) == [{"a": 1, "b": "x"}, {"a": 9, "b": "y"}, {"a": 9, "b": "z"}]
    assert draw(space, 1, 2) == draw(space, 1, 2)


@pytest.mark.parametrize(
    ("distribution", "message", "hint"),
    [
        ("{unifrom: [0, 1]}", "lr.unifrom: there is no such distribution", "did you mean 'uniform'?"),
        ("{gauss: [0, 1]}", "lr.gauss: there is no such", "there are: uniform, loguniform, int, choice"),
        ("{uniform: [1, 0]}", "lr.uniform: 1 to 0 is empty", "[0, 1]"),
        ("{uniform: [1]}", "lr.uniform: takes two numbers, from and to, got 1", "such as [0, 1]"),
        ("{uniform: [0, no]}", "lr.uniform: 'no' is not a number", "choice takes any value"),
        ("{uniform: [0, true]}", "lr.uniform: True is not a number", "choice takes any value"),
        ("{uniform: [0, 1e999]}", "lr.uniform: inf is not a number", ""),
        ("{uniform: 3}", "lr.uniform: takes a list of values, got 3", "such as [0, 1]"),
        ("{loguniform: [0, 1]}", "lr.loguniform: 0 has no logarithm", "both above 0"),
        ("{int: [1, 2.5]}", "lr.int: 1 to 2.5 are not whole numbers", "uniform takes any"),
        ("{choice: []}", "lr.choice: there is nothing to choose from", "such as [4, 8, 16]"),
        ("{choice: abc}", "lr.choice: takes a list of values, got 'abc'", ""),
        ("{}", "lr: takes one distribution, got nothing", "{uniform: [0, 1]}"),
        ("{int: [1, 2], uniform: [0, 1]}", "lr: takes one distribution, got int and uniform", ""),
        ("[1, 2]", "lr: takes one distribution, got [1, 2]", "{choice: [a, b]}"),
    ],
)
def test_a_bad_distribution_is_refused_where_it_stands(distribution: str, message: str, hint: str) -> None:
    text = f"run: ./train\nrandom:\n  samples: 3\n  space:\n    lr: {distribution}\n"
    with pytest.raises(UsageError) as refused:
        jobfile.parse(text, "job.yaml", AROUND)
    assert refused.value.message.startswith(
        f"job.yaml:5:{10 if '.' in message.partition(':')[0] else 5}: random.space."
    )
    assert message in refused.value.message
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{samples: 3, space: {}}", "job.yaml:2:22: random.space: is empty, so all trials would be the same"),
        ("{sampels: 3, space: {}}", "job.yaml:2:10: random.sampels: unknown key; did you mean 'samples'?"),
        ("{samples: 0, space: {a: {int: [1, 2]}}}", "job.yaml:2:10: random.samples: expected `int` >= 1"),
        ("{space: {a: {int: [1, 2]}}}", "job.yaml:2:1: random: object missing required field `samples`"),
    ],
)
def test_a_bad_section_is_refused(section: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        jobfile.parse(f"run: ./train\nrandom: {section}\n", "job.yaml", AROUND)
    assert refused.value.message == message


def test_only_one_thing_says_which_tasks_there_are() -> None:
    text = "run: ls\ngrid: {a: [1]}\nrandom: {samples: 1, space: {a: {int: [1, 2]}}}\n"
    with pytest.raises(UsageError, match=r"job\.yaml:3:1: random: the tasks are already given by 'grid'"):
        jobfile.parse(text, "job.yaml", AROUND)


def test_what_the_kind_would_not_take_is_refused_before_anything_runs() -> None:
    text = "kind: simulate\nrandom: {samples: 1, space: {epochs: {int: [0, 0]}}}\n"
    with pytest.raises(UsageError, match=r"job\.yaml:1:1: row 0: params\.epochs: 0: expected `int` >= 1"):
        jobfile.parse(text, "job.yaml", AROUND)


# ── the search of a sweep ───────────────────────────────────────────────────────────────────────────────────────────

SWEEP = "kind: simulate\nsweep:\n  metric: val_loss\n  space:\n    rate: {uniform: [0.1, 2]}\n"


def test_a_search_is_an_open_job_whose_body_is_whole() -> None:
    search = jobfile.parse_search(SWEEP, "job.yaml", AROUND)
    assert search.spec.open
    assert json.loads(search.spec.run.body) == {"rate": 0.1}
    assert (search.sweep.trials, search.sweep.parallel, search.sweep.sampler) == (20, 4, "tpe")


def test_a_sweep_stays_itself_when_it_wants_more_trials() -> None:
    same, more, other = (
        jobfile.parse_search(f"{SWEEP}  {line}\n", "job.yaml", AROUND).identity
        for line in ("trials: 5", "trials: 50\n  parallel: 9", "seed: 1")
    )
    assert same == more != other


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: simulate\n", "job.yaml:1:1: sweep: is missing"),
        ("jobs: {a: {run: ls}}\n", "job.yaml:1:1: jobs: a sweep is of one job"),
        (SWEEP + "grid: {seed: [1]}\n", "job.yaml:2:1: sweep: the tasks are already given by 'grid'"),
        (SWEEP + "needs: [a]\n", "job.yaml:6:1: needs: a sweep's file has no other job"),
        (SWEEP + "  prunner: asha\n", "job.yaml:6:3: sweep.prunner: unknown key; did you mean 'pruner'?"),
        (SWEEP.replace("0.1", "0"), "job.yaml:1:1: params.rate: 0: expected `float` > 0.0"),
        (SWEEP.replace("val_loss", "[]"), "job.yaml:3:3: sweep.metric: expected `str`, got `array`"),
    ],
)
def test_a_bad_sweep_is_refused_where_it_stands(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        jobfile.parse_search(text, "job.yaml", AROUND)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("pruner: ash", "job.yaml:6:3: sweep.pruner: invalid enum value 'ash'", "one of asha, hyperband, median, none"),
        ("direction: up", "job.yaml:6:3: sweep.direction: invalid enum value 'up'", "one of max, min"),
        ("metric: speed", "job.yaml:3:3: sweep.metric: nobody can know whether more or less 'speed' is better", "min"),
    ],
)
def test_a_word_that_is_none_of_those_is_refused_with_those(line: str, message: str, hint: str) -> None:
    text = SWEEP.replace("metric: val_loss", line) if line.startswith("metric") else f"{SWEEP}  {line}\n"
    with pytest.raises(UsageError) as refused:
        jobfile.parse_search(text, "job.yaml", AROUND)
    assert refused.value.message == message
    assert hint in refused.value.hint


def test_a_sweep_is_not_submitted() -> None:
    with pytest.raises(UsageError, match=r"job\.yaml:2:1: sweep: is not submitted, but run by its driver") as refused:
        jobfile.parse(SWEEP, "job.yaml", AROUND)
    assert refused.value.hint == "paceline sweep FILE"
