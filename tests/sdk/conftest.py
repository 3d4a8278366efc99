"""A fake fleet for tests that block."""

from collections.abc import Iterator

import pytest

from paceline.sdk.blocking import bridge
from tests.sdk.fleet import BlockingFleet


@pytest.fixture
def fleet() -> Iterator[BlockingFleet]:
    made = BlockingFleet(bridge())
    yield made
    made.run(made.fleet.stop())
