"""A part of the terminal that is drawn anew, below what tasks write and how they ended."""

import sys
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.segment import Segment, Segments
from rich.text import Text

from paceline.cli.live.board import Board, Standing, latest
from paceline.cli.live.endings import Ending
from paceline.cli.live.picture import panels, picture
from paceline.cli.output import write
from paceline.cli.progress import Wanted
from paceline.model.ids import TaskId
from paceline.model.views import ReportView


def terminal() -> Console:
    """That of stderr: stdout belongs to results, and to what tasks write."""
    return Console(stderr=True)


class Screen:
    """Touches the terminal only once there is something to show; until then what tasks write goes by as it is."""

    endings: Wanted = "reported"

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._plotted: list[TaskId] = []
        self._held: dict[str, bytes] = {}  # beginnings of lines: one that is drawn over cannot be gone on with

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._clear()

    def show(self, board: Board, reports: Sequence[ReportView]) -> None:
        if not board.standings and not any(job.total > 1 or job.open for job in board.running_jobs()):
            self._clear()
            return
        width, height = self._console.size
        self._draw(self._solid(picture(board, self._chosen(board, panels(width)), width, height)))

    def end(self, ending: Ending) -> None:
        self._console.print(Text.from_ansi(str(ending)), soft_wrap=True)

    def write(self, stream: str, data: bytes) -> None:
        if self._live is None or (stream == "out" and not sys.stdout.isatty()):
            write(stream, data)
            return
        lines, newline, rest = (self._held.pop(stream, b"") + data).rpartition(b"\n")
        self._held[stream] = rest
        if newline:
            self._console.out("\n".join(map(_seen, lines.decode(errors="replace").split("\n"))), highlight=False)

    def _draw(self, drawn: Segments) -> None:
        if self._live is None:
            self._live = Live(
                console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
        self._live.update(drawn, refresh=True)

    def _clear(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        for stream, data in self._held.items():
            write(stream, data)
        self._held.clear()

    def _chosen(self, board: Board, count: int) -> list[Standing]:
        """Whose curves are drawn: those that were, as long as they go on, then those that reported last."""
        drawable = {task: each for task, each in board.standings.items() if any(map(len, each.curves.values()))}
        kept = [task for task in self._plotted if task in drawable][:count]
        fresh = latest((each for task, each in drawable.items() if task not in kept), count - len(kept))
        self._plotted = sorted([*kept, *(each.task for each in fresh)])
        return [drawable[task] for task in self._plotted]

    def _solid(self, text: Text) -> Segments:
        """Rendered once: it is printed again after every line that goes by above it."""
        lines = self._console.render_lines(text, pad=False)
        return Segments([part for line in lines for part in (*line, Segment.line())][:-1])


def _seen(line: str) -> str:
    """What a terminal shows of a line that was written over, as progress bars do."""
    return line.rstrip("\r").rpartition("\r")[2]
