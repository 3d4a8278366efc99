"""Whole fleets on a made-up clock and a made-up network: the real core, and everything else out to get it.

A seed that fails prints what happened; it is run again, alone, by its number:

    pytest tests/simulation -k "block_of_seeds[7]"
"""

import pytest

from tests.simulation.story import Story

SEEDS = 200
BLOCK = 20


@pytest.mark.parametrize("block", range(SEEDS // BLOCK))
def test_block_of_seeds(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        story = Story(seed)
        try:
            story.run()
        except Exception as error:
            error.add_note(f"seed {seed}, in the end:\n{story.timeline.transcript()}")
            raise
