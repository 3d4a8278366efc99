"""The curves are the published ones, and the same seed draws the same."""

from itertools import islice
from math import exp
from random import Random

import pytest

from paceline.tasks.simulate.curves import CURVES, Point, epochs


def published(curves: str, model: str, epoch: int, draw: Random) -> Point:
    """Loss and accuracy, written down once more, straight from where they were published."""
    u = draw.random
    match curves, model:
        case "a", "neural_network":
            loss = 2.5 * exp(-0.1 * epoch) + u() * 0.1
            accuracy = 1 - loss / 2.5
        case "a", "xgboost":
            loss = 1.0 * exp(-0.2 * epoch) + u() * 0.05
            accuracy = 1 - loss / 1.5
        case "a", "random_forest":
            loss = 0.8 * exp(-0.15 * epoch) + u() * 0.03
            accuracy = 0.95 - loss / 2.0
        case "b", "xgboost":
            loss = 2.0 * exp(-0.3 * epoch) + u() * 0.05
            accuracy = 1 - loss / 2.5 + u() * 0.02
        case "b", "neural_network":
            loss = 3.0 * exp(-0.1 * epoch) + u() * 0.1
            accuracy = 0.9 * (1 - exp(-0.2 * epoch))
        case "b", "random_forest":
            loss = 1.5 * exp(-0.2 * epoch) + u() * 0.03
            accuracy = 0.95 - loss / 2.0
        case other:
            pytest.fail(f"nothing was published about {other}")
    if curves == "a":
        return Point(loss, min(1, max(0, accuracy)))
    return Point(max(0.01, loss), max(0.1, min(0.99, accuracy)))


@pytest.mark.parametrize(("curves", "model"), CURVES)
def test_every_curve_is_as_published(curves: str, model: str) -> None:
    draw = Random(7)
    for epoch in islice(epochs(curves, model, 7), 200):
        assert epoch.learned == published(curves, model, epoch.number, draw)
        assert epoch.validated == published(curves, model, epoch.number, draw)


def test_both_sets_have_all_three_models() -> None:
    models = ("neural_network", "xgboost", "random_forest")
    assert set(CURVES) == {(curves, model) for curves in "ab" for model in models}


@pytest.mark.parametrize(("curves", "model"), CURVES)
def test_the_same_seed_draws_the_same_curve(curves: str, model: str) -> None:
    one, again, other = (list(islice(epochs(curves, model, seed), 20)) for seed in (3, 3, 4))
    assert one == again
    assert one != other


def test_the_clamps_of_each_set() -> None:
    """``a`` holds accuracy above 0, ``b`` above 0.1 and below 0.99, and its loss above 0.01."""
    (first,) = islice(epochs("a", "neural_network", "x", rate=1e-9), 1)
    assert (first.learned.accuracy, first.learned.loss > 2.5) == (0.0, True)
    (first,) = islice(epochs("b", "neural_network", "x", rate=1e-9), 1)
    assert first.learned.accuracy == 0.1
    late = [epoch.learned for epoch in islice(epochs("b", "xgboost", "x", rate=1000), 500)]
    assert min(point.loss for point in late) == 0.01
    assert max(point.accuracy for point in late) == 0.99
    (late_a,) = islice(epochs("a", "xgboost", 2, rate=1000), 1)
    assert 0 <= late_a.learned.loss < 0.05


def test_learning_twice_as_quickly_is_there_in_half_the_epochs() -> None:
    slow, fast = (list(islice(epochs("a", "xgboost", 5, rate), 20)) for rate in (1.0, 2.0))
    assert fast[4].learned.loss == pytest.approx(slow[9].learned.loss, abs=0.05)
