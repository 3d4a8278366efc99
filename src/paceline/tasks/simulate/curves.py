"""Two sets of made-up learning curves, for each of the three models.

With ``t`` the epoch, counted from 1, and ``u`` a fresh number drawn evenly from [0, 1) each time it is written:

======================  ==================================  =========================================
set and model           loss                                accuracy
======================  ==================================  =========================================
``a`` neural_network    ``2.5 exp(-0.1 t) + 0.1 u``         ``1 - loss / 2.5``
``a`` xgboost           ``1.0 exp(-0.2 t) + 0.05 u``        ``1 - loss / 1.5``
``a`` random_forest     ``0.8 exp(-0.15 t) + 0.03 u``       ``0.95 - loss / 2``
``b`` neural_network    ``3.0 exp(-0.1 t) + 0.1 u``         ``0.9 (1 - exp(-0.2 t))``
``b`` xgboost           ``2.0 exp(-0.3 t) + 0.05 u``        ``1 - loss / 2.5 + 0.02 u``
``b`` random_forest     ``1.5 exp(-0.2 t) + 0.03 u``        ``0.95 - loss / 2``
======================  ==================================  =========================================

Then ``a`` holds the accuracy within [0, 1] and lets the loss be; ``b`` shows a loss of at least 0.01 and an accuracy
within [0.1, 0.99].
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from math import exp
from random import Random
from typing import NamedTuple, TypeAlias

Draw: TypeAlias = Callable[[], float]


class Point(NamedTuple):
    """What one epoch came to."""

    loss: float
    accuracy: float


class Epoch(NamedTuple):
    """One epoch: as learned, and as validated, which is drawn anew from the same curve."""

    number: int
    learned: Point
    validated: Point


def epochs(curves: str, model: str, seed: int | str, rate: float = 1.0) -> Iterator[Epoch]:
    """The epochs 1, 2, … of a curve, without end. Same seed, same curve."""
    curve, draw = CURVES[curves, model], Random(seed).random  # noqa: S311 - nothing is kept secret by it
    for number in count(1):
        yield Epoch(number, curve(number * rate, draw), curve(number * rate, draw))


def _a(loss: float, accuracy: float) -> Point:
    return Point(loss, max(0.0, min(1.0, accuracy)))


def _a_neural_network(t: float, u: Draw) -> Point:
    loss = 2.5 * exp(-0.1 * t) + u() * 0.1
    return _a(loss, 1 - loss / 2.5)


def _a_xgboost(t: float, u: Draw) -> Point:
    loss = 1.0 * exp(-0.2 * t) + u() * 0.05
    return _a(loss, 1 - loss / 1.5)


def _a_random_forest(t: float, u: Draw) -> Point:
    loss = 0.8 * exp(-0.15 * t) + u() * 0.03
    return _a(loss, 0.95 - loss / 2.0)


def _b(loss: float, accuracy: float) -> Point:
    return Point(max(0.01, loss), max(0.1, min(0.99, accuracy)))


def _b_neural_network(t: float, u: Draw) -> Point:
    loss = 3.0 * exp(-0.1 * t) + u() * 0.1
    return _b(loss, 0.9 * (1 - exp(-0.2 * t)))


def _b_xgboost(t: float, u: Draw) -> Point:
    loss = 2.0 * exp(-0.3 * t) + u() * 0.05
    return _b(loss, 1 - loss / 2.5 + u() * 0.02)


def _b_random_forest(t: float, u: Draw) -> Point:
    loss = 1.5 * exp(-0.2 * t) + u() * 0.03
    return _b(loss, 0.95 - loss / 2.0)


CURVES: Mapping[tuple[str, str], Callable[[float, Draw], Point]] = {
    ("a", "neural_network"): _a_neural_network,
    ("a", "xgboost"): _a_xgboost,
    ("a", "random_forest"): _a_random_forest,
    ("b", "neural_network"): _b_neural_network,
    ("b", "xgboost"): _b_xgboost,
    ("b", "random_forest"): _b_random_forest,
}
