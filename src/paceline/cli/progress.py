"""Progress of jobs: bars for a person at a terminal, JSON lines where those were asked for, otherwise nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from paceline.cli.face import Face
from paceline.cli.forms import form
from paceline.model.views import JobView

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Display(Protocol):
    """Where news of jobs are shown."""

    def show(self, jobs: Sequence[JobView]) -> None: ...


@contextmanager
def display(face: Face) -> Iterator[Display]:
    """The display that suits the caller."""
    if face.json:
        yield Lines(face)
    elif face.person:
        from rich.console import Console  # noqa: PLC0415 - 80 ms that only bars need
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - with it

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[counts]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield Bars(progress)
    else:
        yield Silence()


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


class Bars:
    """A bar per job."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[int, TaskID] = {}

    def show(self, jobs: Sequence[JobView]) -> None:
        for job in jobs:
            if job.job not in self._bars:
                self._bars[job.job] = self._progress.add_task(f"job {job.job} {job.name}", total=job.total, counts="")
            over = job.succeeded + job.failed + job.cancelled
            self._progress.update(self._bars[job.job], completed=over, total=job.total, counts=counts(job))


class Lines:
    """One JSON object per change."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def show(self, jobs: Sequence[JobView]) -> None:
        for job in jobs:
            self._face.line({"type": "job", "job": form(job)})


class Silence:
    """Nothing."""

    def show(self, jobs: Sequence[JobView]) -> None:
        pass
