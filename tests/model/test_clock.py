"""What time it is."""

import time

from paceline.clock import SystemClock
from paceline.testing import FakeClock


def test_the_system_clock_tells_the_time_and_never_runs_back() -> None:
    clock = SystemClock()
    seen = [clock.now() for _ in range(1_000)]
    assert seen == sorted(seen)
    assert abs(clock.now() - time.time()) < 5.0  # noqa: TID251 - what it is compared with
    assert clock.steady() <= clock.steady()


def test_the_system_clock_never_runs_behind_what_was_kept() -> None:
    ahead = time.time() + 10_000.0  # noqa: TID251
    clock = SystemClock(not_before=ahead)
    assert clock.now() >= ahead


def test_a_fake_clock_moves_only_when_told() -> None:
    clock = FakeClock(now=5.0)
    assert (clock.now(), clock.steady()) == (5.0, 0.0)
    clock.advance(2.5)
    assert (clock.now(), clock.steady()) == (7.5, 2.5)
