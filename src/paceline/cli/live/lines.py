"""Progress for programs and log files: JSON lines, or a line of text now and then."""

from collections.abc import Sequence

from paceline.cli.face import Face
from paceline.cli.forms import form
from paceline.cli.live.board import Board
from paceline.cli.live.columns import told
from paceline.cli.live.endings import Ending
from paceline.cli.output import write
from paceline.cli.progress import Wanted
from paceline.clock import Clock
from paceline.model.ids import JobId, TaskId
from paceline.model.views import ReportView

PAUSE, GROWTH = 1.0, 0.05
"""Seconds between two lines about a task, at least; and as a part of the time for which it has been told of."""
AT_ONCE = 4
"""Lines of text at a time; of the other tasks a later report is told."""


class JobLines:
    """``{"type": "job", "job": {…}}`` whenever a job has moved."""

    endings: Wanted = "none"

    def __init__(self, face: Face) -> None:
        self._face = face

    def show(self, board: Board, reports: Sequence[ReportView]) -> None:
        for job in board.moved:
            self._face.line({"type": "job", "job": form(job)})

    def end(self, ending: Ending) -> None:
        pass

    def write(self, stream: str, data: bytes) -> None:
        write(stream, data)


class JsonLines(JobLines):
    """These, ``"report"`` for every report, and ``"task"`` for every task that is over."""

    endings: Wanted = "all"

    def show(self, board: Board, reports: Sequence[ReportView]) -> None:
        super().show(board, reports)
        for report in reports:
            task = str(TaskId(JobId(report.job), report.index))
            self._face.line({"type": "report", "task": task, "report": form(report)})

    def end(self, ending: Ending) -> None:
        known = {"metrics": dict(ending.metrics), "model": ending.model}
        self._face.line({"type": "task", "task": form(ending.task), **known})


class TextLines:
    """One line per report, at a pace that a log file of many hours can bear."""

    endings: Wanted = "reported"

    def __init__(self, face: Face, clock: Clock) -> None:
        self._face = face
        self._clock = clock
        self._since: dict[TaskId, float] = {}
        self._due: dict[TaskId, float] = {}

    def show(self, board: Board, reports: Sequence[ReportView]) -> None:
        now = self._clock.steady()
        reported = dict.fromkeys(TaskId(JobId(report.job), report.index) for report in reports)
        due = [task for task in reported if task in board.standings and now >= self._due.get(task, 0.0)]
        for task in due[:AT_ONCE]:
            since = self._since.setdefault(task, now)
            self._due[task] = now + max(PAUSE, GROWTH * (now - since))
            standing = board.standings[task]
            attempt = f" (attempt {standing.attempt})" if standing.attempt > 1 else ""
            self._face.remark(f"{standing}{attempt}: {told(standing)}")

    def end(self, ending: Ending) -> None:
        self._face.remark(str(ending))

    def write(self, stream: str, data: bytes) -> None:
        write(stream, data)
