"""The simulation's own proof: it finds every one of these bugs.

A mutant that survives fails here. Then the simulation is too tame, and that is what has to be mended.
"""

import pytest

from paceline.server.loop import Loop
from tests.simulation.mutants.catalogue import LIMIT, MUTANTS
from tests.simulation.mutants.found import FOUND
from tests.simulation.mutants.mutant import Mutant


@pytest.mark.timeout(280)  # for all seeds, on a machine that is busy with something else
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_is_found(mutant: Mutant) -> None:
    assert mutant.found_by((FOUND[mutant.name], *range(LIMIT))), f"{mutant.name!r} survives"


def test_there_are_many() -> None:
    assert FOUND.keys() == {mutant.name for mutant in MUTANTS}
    assert len(MUTANTS) >= 25


def test_a_fleet_without_bugs_is_well() -> None:
    """What finds them is the bug, and not the seed."""
    nothing_new = Mutant(name="none", owner=Loop, attribute="_turn", make=lambda turn: turn)
    assert nothing_new.found_by(sorted(set(FOUND.values()))[:20]) is None
