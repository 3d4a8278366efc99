"""Whole fleets on a made-up clock and a made-up network: the real core, server loop and agent, and everything else out
to get them.

A seed that fails tells its story; it is run again, alone, by its number::

    python -m tests.simulation --first 7 --seeds 1
"""

import pytest

from tests.simulation.campaign import Result, run
from tests.simulation.faults import Fault
from tests.simulation.regressions import REGRESSIONS
from tests.simulation.story import Story

SEEDS = 500


@pytest.fixture(scope="module")
def result() -> Result:
    """Of the quick seeds."""
    return run(range(SEEDS))


def test_all_is_well_in_the_end(result: Result) -> None:
    stories = [result.failed[seed] for seed in sorted(result.failed)]
    assert not stories, f"{len(stories)} seeds failed, {sorted(result.failed)}\n{stories[0]}"


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
def test_every_fault_happens(result: Result, fault: Fault) -> None:
    assert result.faults[fault]


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_seeds_that_once_failed(seed: int) -> None:
    Story(seed).run()
