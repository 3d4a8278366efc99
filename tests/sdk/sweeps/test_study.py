"""What is proposed, what is pruned, and that a study made again from its trials goes on as if nothing had happened."""

import pytest

pytest.importorskip("optuna")

from paceline.model.errors import UsageError
from paceline.orders.jobfile.fields import Sweep
from paceline.orders.metric import Direction
from paceline.orders.space import Row, Space, draw, parse_space
from paceline.sdk.sweeps.study import Study

SPACE: Space = parse_space(
    {
        "x": {"uniform": [-2, 2]},
        "lr": {"loguniform": [1e-5, 1e-1]},
        "n": {"int": [1, 9]},
        "net": {"choice": [1, 1.0, True, [8, 8], None]},
    },
    "space",
)


def study(way: Direction = "min", **told: object) -> Study:
    sweep = Sweep(space={}, metric="m", **told)  # type: ignore[arg-type]  # words of a test
    return Study(SPACE, sweep, way, "study")


def value(row: Row) -> float:
    x = row["x"]
    assert isinstance(x, float)
    return x * x


def played(made: Study, count: int, first: int = 0) -> list[Row]:
    """Trials that are asked for and told, one after the other."""
    rows = []
    for number in range(first, first + count):
        rows.append(made.ask())
        made.tell(number, "complete", value(rows[-1]))
    return rows


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_proposals_follow_from_the_seed(sampler: str) -> None:
    one, again, other = (played(study(sampler=sampler, seed=seed), 14) for seed in (1, 1, 2))
    assert one == again != other
    assert len({str(row) for row in one}) == 14


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_study_made_again_goes_on_as_it_would_have(sampler: str) -> None:
    whole = played(study(sampler=sampler, seed=5), 18)
    again = study(sampler=sampler, seed=5)
    for number, row in enumerate(whole[:12]):
        again.remember(row)
        again.tell(number, "complete", value(row))
    assert played(again, 6, first=12) == whole[12:]


def test_proposals_are_of_the_space_and_choices_keep_their_type() -> None:
    rows = played(study(sampler="random"), 60)
    assert all(-2 <= float(str(row["x"])) <= 2 and row["n"] in range(1, 10) for row in rows)
    assert {repr(row["net"]) for row in rows} == {"1", "1.0", "True", "[8, 8]", "None"}


def test_random_proposals_are_those_of_a_random_array() -> None:
    assert played(study(sampler="random", seed=4), 3) == [draw(SPACE, 4, number) for number in range(3)]


def test_what_was_learned_shows() -> None:
    rows = played(study(sampler="tpe", seed=3), 60)
    early, late = sorted(map(value, rows[:10])), sorted(map(value, rows[-10:]))
    assert late[5] < early[5]


@pytest.mark.parametrize(("way", "sign"), [("min", 1), ("max", -1)])
def test_asha_lets_one_in_so_many_through(way: Direction, sign: int) -> None:
    made = study(way, pruner="asha", min_steps=4, reduction=3)
    for number in range(6):
        made.ask()
        assert made.report(number, 3, sign * 9.0) is False  # not judged yet
        assert made.report(number, 4, sign * float(number)) is (number > 0)  # each is worse than the one before
    made.ask()
    assert made.report(6, 4, sign * 0.5) is False  # among the best third


@pytest.mark.parametrize("pruner", ["none", "median", "asha", "hyperband"])
def test_every_pruner_lives_through_a_sweep(pruner: str) -> None:
    made = study(pruner=pruner, min_steps=2, parallel=2)
    pruned = 0
    for number in range(20):
        made.ask()
        doomed = any(made.report(number, step, number % 7 + 1 / step) for step in range(1, 10))
        made.tell(number, "pruned" if doomed else "complete", number % 7)
        pruned += doomed
    assert bool(pruned) == (pruner != "none")


def test_what_is_said_again_is_not_heard() -> None:
    made = study(pruner="asha", min_steps=1, reduction=2)
    made.ask()
    assert made.report(0, 5, 1.0) is False
    assert made.report(0, 5, 99.0) is False
    assert made.report(0, 2, 99.0) is False


def test_a_trial_of_another_space_is_refused() -> None:
    with pytest.raises(UsageError, match=r"sweep\.space: a trial was made from a, b, which is not this space"):
        study().remember({"a": 1, "b": 2})
