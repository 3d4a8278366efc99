"""A value over the steps of a task."""

import math
from array import array
from collections.abc import Iterator

LIMIT = 512
"""Points that are kept: more than a terminal has columns. Beyond it every other one goes."""


class Curve:
    """Points in the order of their steps.

    A step at or before the last one takes back all that lies behind it: an attempt that goes on from a checkpoint
    replaces what an earlier one said of the same steps, and keeps what led there.
    """

    def __init__(self) -> None:
        self._steps = array("q")
        self._values = array("d")

    def add(self, step: int, value: object) -> None:
        """What is no finite number leaves a gap."""
        self.cut(step)
        if isinstance(value, int | float) and math.isfinite(value):
            self._steps.append(step)
            self._values.append(float(value))
            self._thin()

    def cut(self, step: int) -> None:
        """Forget this step and all that follow."""
        while self._steps and self._steps[-1] >= step:
            self._steps.pop()
            self._values.pop()

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self._steps, self._values, strict=True)

    def _thin(self) -> None:
        """The first and the newest point stay."""
        if len(self) > LIMIT:
            self._steps, self._values = self._steps[::2], self._values[::2]
