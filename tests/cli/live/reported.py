"""Reports as a server tells them."""

import json
from typing import Any

from paceline.cli.live.board import Board
from paceline.model.views import JobView, ReportView

TRAINING: dict[str, Any] = {
    "progress": 0.45,
    "eta": 72.0,
    "epoch": 9,
    "loss": 0.5,
    "val_loss": 0.625,
    "samples_per_second": 12345.6,
}
SCORES: dict[str, Any] = {"accuracy": 0.97, "val_accuracy": 0.953}


def job(
    number: int = 3, *, total: int = 1, succeeded: int = 0, state: str = "RUNNING", name: str = "digits"
) -> JobView:
    """As it stands."""
    return JobView(
        job=number,
        name=name,
        kind="train",
        state=state,
        total=total,
        waiting=0,
        running=total - succeeded,
        succeeded=succeeded,
        failed=0,
        cancelled=0,
        submitted_at=1000.0,
    )


def report(index: int = 0, step: int = 0, *, attempt: int = 1, at: float = -1.0, **values: object) -> ReportView:
    """Of a task of job 3; at second ``step`` unless said otherwise."""
    when = 1000.0 + step if at < 0 else at
    return ReportView(job=3, index=index, attempt=attempt, step=step, values=json.dumps(values), at=when)


def board(*reports: ReportView, total: int = 1) -> Board:
    """What is known after these."""
    heard = Board([job(total=total)])
    heard.hear((), reports)
    return heard
