"""Public helpers for tests: of Paceline and of code that uses it."""

from paceline.testing.clock import FakeClock

__all__ = ["FakeClock"]
