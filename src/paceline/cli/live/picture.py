"""What a terminal shows: a line per job of several tasks, a table of the tasks that report, curves of their loss."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rich.text import Text

from paceline.cli.live.board import Board, Standing
from paceline.cli.live.columns import GAP, bar, clipped, figure, grid
from paceline.cli.live.plot import MARK, plot
from paceline.cli.words import counts
from paceline.model.views import JobView

ROWS, JOBS = 20, 4
"""Lines for tasks and for jobs, at most."""
PLOT = 7
"""Rows of a plot, without what stands above and below it."""
TALL = 22
"""Lines of a terminal that has room for plots."""
PANEL, WIDEST = 46, 72
"""Characters that a plot takes: at least where several stand side by side, and at most."""
SPARE = 3
"""Lines of a terminal that are left to what it showed before."""
STYLES = (("━+", "cyan"), ("╌+", "dim"), ("[⠁-⣿]+", "cyan"), ("^TASK.*$", "bold"), ("^….*$", "dim"))
"""What is coloured, where there is colour: nothing is said by it alone."""


def picture(board: Board, plotted: Sequence[Standing], width: int, height: int) -> Text:
    """All of it, in so many columns and lines. ``plotted``: whose curves are drawn, as many as ``panels`` allows."""
    jobs = list(_jobs([job for job in board.running_jobs() if job.total > 1 or job.open]))
    plots = list(_plots(plotted, width)) if height >= TALL else []
    room = max(1, min(height - SPARE - len(jobs) - len(plots), ROWS))
    rows = _rows(sorted(board.standings.values(), key=lambda each: each.task), width, room)
    text = Text("\n".join(line[:width] for line in (*jobs, *rows, *plots)), no_wrap=True)
    for pattern, style in STYLES:
        text.highlight_regex(f"(?m){pattern}", style)
    return text


def panels(width: int) -> int:
    """How many plots stand side by side."""
    return max(1, width // PANEL)


def _jobs(jobs: Sequence[JobView]) -> Iterable[str]:
    for job in jobs[:JOBS]:
        over = job.succeeded + job.failed + job.cancelled
        done = bar(over / max(job.total, 1), 12)
        yield f"job {job.job} {clipped(job.name)}  {done}  {over}/{job.total}  {counts(job)}"
    if len(jobs) > JOBS:
        yield f"… and {len(jobs) - JOBS:,} more jobs"


def _rows(standings: Sequence[Standing], width: int, limit: int) -> Iterable[str]:
    if standings:
        yield from grid(standings[:limit], width)
    if len(standings) > limit:
        yield f"… and {len(standings) - limit:,} more tasks that report"


def _plots(standings: Sequence[Standing], width: int) -> Iterable[str]:
    room = min(width // max(len(standings), 1) - GAP, WIDEST)
    drawn = [panel for each in standings if (panel := _panel(each, room))]
    for lines in zip_longest(*drawn, fillvalue=""):
        yield (" " * GAP).join(f"{line:<{room}}" for line in lines).rstrip()


def _panel(standing: Standing, width: int) -> list[str]:
    loss, other = (list(standing.curves[name]) for name in ("loss", "val_loss"))
    rows = plot(loss, other, width=width, height=PLOT)
    told = [
        f"{sign} {figure(curve[-1][1])}" for sign, curve in (("⠒ loss", loss), (f"{MARK} val_loss", other)) if curve
    ]
    title = f"{standing} {clipped(standing.name)}  {'  '.join(told)}"
    return [title[:width], *rows] if rows else []
