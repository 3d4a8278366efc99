"""Views in words: lines that several commands print alike."""

import json

from paceline.cli.forms import read
from paceline.cli.table import Styled, state
from paceline.grammar import format_duration
from paceline.model.text import visible
from paceline.model.views import Explanation, JobView, ResultRow, TaskView

WIDTH = 100
"""Characters of a result in a table."""

PICKLE = b"\x80"
"""How a pickle begins, and JSON never does. It is only told, never opened: that is for who trusts its author."""


def explained(explanation: Explanation) -> str:
    """All causes, the nearest miss, the smallest change."""
    lines = [f"  {cause.code}: {cause.text}" for cause in explanation.causes] or ["  nothing keeps it from running"]
    if explanation.nearest:
        lines.append(f"  nearest: {explanation.nearest}")
    if explanation.change:
        lines.append(f"  to let it start: {explanation.change}")
    return "\n".join(map(visible, lines))


def progress(job: JobView) -> Styled:
    """State, with counts where there are several tasks: ``RUNNING 5/100, 1 failed``."""
    if job.total == 1 and not job.open:
        return state(job.state)
    over = job.succeeded + job.failed + job.cancelled
    failed = f", {job.failed} failed" if job.failed else ""
    return state(job.state) + f" {over}/{job.total}{failed}"


def counts(job: JobView) -> str:
    """``3 waiting, 2 running, 5 succeeded``; states with no tasks are left out."""
    numbers = (
        (job.waiting, "waiting"),
        (job.running, "running"),
        (job.succeeded, "succeeded"),
        (job.failed, "failed"),
        (job.cancelled, "cancelled"),
    )
    return ", ".join(f"{number} {word}" for number, word in numbers if number)


def age(seconds: float) -> str:
    """Two units at most: ``0.3s``, ``12s``, ``5m``, ``2h10m``, ``3d4h``."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f}s"
    whole = int(max(seconds, 0))
    for unit in (86400, 3600):
        if whole >= unit:
            whole -= whole % (unit // (24 if unit == 86400 else 60))
            return format_duration(whole)
    return format_duration(whole - whole % 60 if whole >= 600 else whole)


def ending(task: TaskView) -> str:
    """How a task's latest attempt ended: ``FAILED: exit code 3``."""
    if not task.outcome or task.outcome == "SUCCEEDED":
        return ""
    return f"{task.outcome}: {task.detail}" if task.detail else task.outcome


def brief(row: ResultRow) -> str:
    """A result as one short line: JSON as it is, anything else by its size, a failure by its detail."""
    if row.outcome != "SUCCEEDED":
        return row.detail
    if not row.result:
        return ""
    try:
        value = read(row.result)
    except ValueError:
        sort = "pickled, " if row.result.startswith(PICKLE) else ""
        return f"{sort}{len(row.result)} bytes"
    text = row.result.decode()
    text = text if text.isprintable() else json.dumps(value)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"


def short(value: object) -> str:
    """A parameter or a metric in a table: of a number six digits are enough."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def about(size: int) -> str:
    """Bytes to three digits: ``7.75 GiB``."""
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"
