"""Views in words: lines that several commands print alike."""

from paceline.cli.table import state
from paceline.model.views import Explanation, JobView, TaskView
from paceline.sdk.grammar import format_duration


def explained(explanation: Explanation) -> str:
    """All causes, the nearest miss, the smallest change."""
    lines = [f"  {cause.code}: {cause.text}" for cause in explanation.causes] or ["  nothing keeps it from running"]
    if explanation.nearest:
        lines.append(f"  nearest: {explanation.nearest}")
    if explanation.change:
        lines.append(f"  to let it start: {explanation.change}")
    return "\n".join(lines)


def progress(job: JobView) -> str:
    """State, with counts where there are several tasks: ``RUNNING 5/100, 1 failed``."""
    if job.total == 1 and not job.open:
        return state(job.state)
    over = job.succeeded + job.failed + job.cancelled
    failed = f", {job.failed} failed" if job.failed else ""
    return f"{state(job.state)} {over}/{job.total}{failed}"


def age(seconds: float) -> str:
    """Two units at most: ``3s``, ``5m``, ``2h10m``, ``3d4h``."""
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
