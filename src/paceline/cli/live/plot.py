"""Curves as text: a line in braille dots and a second one in marks, so that they can be told apart without colour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paceline.cli.live.columns import figure

Point = tuple[float, float]

BRAILLE = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of a braille cell by row and column of the dot in it."""
DOWN, ACROSS = len(DOTS), len(DOTS[0])
MARK = "o"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The values at the edges of ``width`` × ``height`` cells, in which dots are counted from the top left."""

    width: int
    height: int
    left: float
    right: float
    low: float
    high: float

    def place(self, point: Point) -> tuple[int, int]:
        """The dot of a point."""
        x = (point[0] - self.left) / ((self.right - self.left) or 1)
        y = (self.high - point[1]) / ((self.high - self.low) or 1)
        return round(x * (self.width * ACROSS - 1)), round(y * (self.height * DOWN - 1))


def plot(line: Sequence[Point], marks: Sequence[Point], *, width: int, height: int) -> list[str]:
    """``height`` rows with the scale at their left, and the first and last step below, ``width`` characters wide.

    Empty where there are not two points to draw.
    """
    points = [*line, *marks]
    if len({step for step, _ in points}) < 2:
        return []
    steps, values = [step for step, _ in points], [value for _, value in points]
    scale = [figure(max(values)), *[""] * (height - 2), figure(min(values))]
    margin = max(map(len, scale))
    room = width - margin - 2
    frame = Frame(width=room, height=height, left=min(steps), right=max(steps), low=min(values), high=max(values))
    rows = [f"{label:>{margin}} │{row}" for label, row in zip(scale, _rows(frame, line, marks), strict=True)]
    first, last = figure(int(frame.left)), figure(int(frame.right))
    return [*rows, " " * (margin + 2) + first + last.rjust(room - len(first))]


def _rows(frame: Frame, line: Sequence[Point], marks: Sequence[Point]) -> list[str]:
    cells = [[0] * frame.width for _ in range(frame.height)]
    for x, y in _traced([frame.place(point) for point in line]):
        cells[y // DOWN][x // ACROSS] |= DOTS[y % DOWN][x % ACROSS]
    shown = [[chr(BRAILLE + cell) if cell else " " for cell in row] for row in cells]
    for x, y in map(frame.place, marks):
        shown[y // DOWN][x // ACROSS] = MARK
    return ["".join(row) for row in shown]


def _traced(dots: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """All dots on the way from each to the next."""
    yield from dots[:1]
    for (x, y), (right, end) in zip(dots, dots[1:], strict=False):
        count = max(abs(right - x), abs(end - y), 1)
        yield from ((x + round((right - x) * n / count), y + round((end - y) * n / count)) for n in range(1, count + 1))
