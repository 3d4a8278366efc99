"""A flame graph: one SVG that needs nothing else, no script and no style sheet.

Each box is a function, as wide as the share of samples in which it was on the stack; what it called stands on it. The
title of a box, which browsers show when one points at it, says its full name and its share.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from zlib import crc32

from paceline.profiling.sample import HERTZ, Stack

WIDTH, ROW, CHARACTER = 1200, 18, 6.6
"""Of the picture, of a box's height, of a letter; pixels."""
NARROWEST = 0.5
"""Pixels below which a box is left out."""
COLOURS = ("#e4793a", "#e89a3c", "#ecb94f", "#d9663f", "#f0a860", "#e58b5b", "#edc46c", "#dd7f4c")


@dataclass(slots=True)
class Box:
    """A function under one path of callers."""

    name: str
    count: int = 0
    inner: dict[str, "Box"] = field(default_factory=dict)

    def depth(self) -> int:
        return 1 + max((box.depth() for box in self.inner.values()), default=0)


def svg(stacks: Mapping[Stack, int], title: str) -> str:
    """The picture. ``title`` says whose it is."""
    root = tree(stacks)
    height = (root.depth() + 2) * ROW
    said = f"{title}: {root.count} samples, {HERTZ} a second of every thread"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fffaf2"/>'
        f'<text x="6" y="14">{escape(said)}</text>'
    )
    return "".join([head, *_drawn(root, root.count or 1, 0.0, height - ROW), "</svg>\n"])


def tree(stacks: Mapping[Stack, int]) -> Box:
    """All stacks, put together from the outermost function inwards."""
    root = Box("all")
    for stack, count in stacks.items():
        box = root
        box.count += count
        for name in stack:
            box = box.inner.setdefault(name, Box(name))
            box.count += count
    return root


def _drawn(box: Box, whole: int, x: float, y: int) -> Iterator[str]:
    width = WIDTH * box.count / whole
    if width < NARROWEST:
        return
    yield _rectangle(box, whole, x, y)
    for inner in sorted(box.inner.values(), key=lambda each: each.name):
        yield from _drawn(inner, whole, x, y - ROW)
        x += WIDTH * inner.count / whole


def _rectangle(box: Box, whole: int, x: float, y: int) -> str:
    width = WIDTH * box.count / whole
    room = int((width - 6) / CHARACTER)
    shown = box.name if len(box.name) <= room else f"{box.name[: room - 1]}…" if room > 3 else ""
    said = f"{box.name}: {box.count} samples, {100 * box.count / whole:.1f} %"
    text = f'<text x="{x + 3:.1f}" y="{y + 13}">{escape(shown)}</text>' if shown else ""
    colour = COLOURS[crc32(box.name.encode()) % len(COLOURS)]
    return (
        f'<g><title>{escape(said)}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" '
        f'fill="{colour}"/>{text}</g>'
    )
