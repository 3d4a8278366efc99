"""The same seed decides the same in every process, whatever order its sets and dictionaries of text happen to have."""

import os
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT
from tests.simulation.story import Story

SEEDS = range(8)
PROGRAM = f"""
import sys
from tests.simulation.story import digests
sys.stdout.write(digests(range({SEEDS.start}, {SEEDS.stop})))
"""


def digests_elsewhere(hash_seed: str) -> str:
    """What another process makes of the same seeds."""
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout


@pytest.mark.system
def test_decisions_do_not_depend_on_the_process() -> None:
    first, second = digests_elsewhere("1"), digests_elsewhere("2")
    assert len(first.splitlines()) == len(SEEDS)
    assert first == second


def test_a_seed_is_a_story() -> None:
    first, again, other = Story(3), Story(3), Story(4)
    for story in (first, again, other):
        story.run()
    assert first.digest() == again.digest() != other.digest()
