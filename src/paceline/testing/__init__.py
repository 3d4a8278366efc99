"""Public helpers for tests: of Paceline and of code that uses it."""

from paceline.testing.clock import FakeClock
from paceline.testing.world import World

__all__ = ["FakeClock", "World"]
