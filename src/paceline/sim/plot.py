"""A picture of a simulation: what was in use and what waited, over time, as one SVG file that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10

from paceline.sim.report import Report

WIDTH, LEFT, RIGHT, TOP, PANEL, GAP = 900, 70, 150, 46, 200, 56
COLOURS = ("#3366cc", "#dc3912", "#109618", "#ff9900", "#990099", "#0099c6")
Points = Sequence[tuple[float, float]]
"""Seconds since 1970, value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Lines by name over a common time, from 0 up to ``most``."""

    title: str
    lines: Sequence[tuple[str, Points]]
    most: float
    unit: str = ""


def plot(reports: Sequence[Report]) -> str:
    """One report: its cpu, memory and devices; several: the cpu of each. Below, the waiting tasks."""
    if len(reports) == 1:
        kinds = [(name, position) for position, name in enumerate(("cpu", "memory", "gpu"), 2)]
        used = [(name, _percent(_over_time(reports[0], n))) for name, n in kinds if name in reports[0].utilisation]
        title = "in use"
    else:
        used = [(report.policy, _percent(_over_time(report, 2))) for report in reports]
        title = "cpu in use"
    waiting = [(report.policy if len(reports) > 1 else "waiting", _over_time(report, 1)) for report in reports]
    most = max((value for _, points in waiting for _, value in points), default=1.0)
    panels = [
        Panel(title=title, lines=used, most=100.0, unit=" %"),
        Panel(title="waiting tasks", lines=waiting, most=_round_up(most)),
    ]
    return _document(f"{reports[0].tasks:,} tasks on {reports[0].workers:,} workers", panels)


def _over_time(report: Report, column: int) -> Points:
    return [(row[0], row[column]) for row in report.series]


def _percent(points: Points) -> Points:
    return [(at, 100.0 * value) for at, value in points]


def _document(title: str, panels: Sequence[Panel]) -> str:
    times = [at for panel in panels for _, points in panel.lines for at, _ in points]
    first, last = min(times, default=0.0), max(times, default=0.0)
    span = max(last - first, 1e-9)
    height = TOP + len(panels) * (PANEL + GAP)
    drawn = [_panel(panel, TOP + position * (PANEL + GAP), first, span) for position, panel in enumerate(panels)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
            ' font-family="sans-serif" font-size="12" fill="#222">',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            f'<text x="{LEFT}" y="20" font-size="15">{escape(title)}</text>',
            *drawn,
            "</svg>\n",
        ]
    )


def _panel(panel: Panel, top: float, first: float, span: float) -> str:
    width = WIDTH - LEFT - RIGHT
    parts = [f'<text x="{LEFT}" y="{top - 6}">{escape(panel.title)}</text>']
    for tick in range(5):
        y = top + PANEL * (1 - tick / 4)
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + width}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        text = f"{panel.most * tick / 4:,.4g}{panel.unit}"
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{text}</text>')
        x = LEFT + width * tick / 4
        parts.append(f'<text x="{x}" y="{top + PANEL + 16}" text-anchor="middle">{_clock(span * tick / 4)}</text>')
    for number, (name, points) in enumerate(panel.lines):
        colour = COLOURS[number % len(COLOURS)]
        path = _steps([(LEFT + width * (at - first) / span, top + PANEL * (1 - v / panel.most)) for at, v in points])
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        y = top + 14 + 18 * number
        parts.append(f'<text x="{LEFT + width + 12}" y="{y}" fill="{colour}">{escape(name)}</text>')
    return "\n".join(parts)


def _steps(points: Points) -> str:
    """A value holds until the next one."""
    if not points:
        return ""
    x, y = points[0]
    return f"M{x:.1f} {y:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in points[1:])


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if value <= 1:
        return 1.0
    power = 10.0 ** int(log10(value))
    return next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= value)


def _clock(seconds: float) -> str:
    for unit, length in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"
