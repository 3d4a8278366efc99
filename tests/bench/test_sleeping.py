"""The order of sleeping tasks is one that a fleet without losses works off without gaps."""

import heapq

from bench.figures.sleeping import LENGTHS, WORKERS, plan


def test_a_fleet_that_loses_no_time_is_never_idle() -> None:
    free_at = [0.0] * WORKERS
    for length in plan():
        heapq.heappush(free_at, heapq.heappop(free_at) + length)
    assert set(free_at) == {sum(LENGTHS)}
