"""Where news of jobs go: to a person at a terminal, into JSON lines where those were asked for, or nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Literal, Protocol

from paceline.cli.face import Face
from paceline.cli.output import write

if TYPE_CHECKING:
    from paceline.cli.live.board import Board
    from paceline.cli.live.endings import Ending
    from paceline.model.views import ReportView

Wanted = Literal["all", "reported", "none"]
"""Of which tasks an end is told: of all, or of those that ever reported."""


class Display(Protocol):
    """Is told of everything once, in the order in which it is known."""

    @property
    def endings(self) -> Wanted: ...

    def show(self, board: Board, reports: Sequence[ReportView]) -> None:
        """How everything stands now, and the reports that led to it."""

    def end(self, ending: Ending) -> None:
        """A task is over."""

    def write(self, stream: str, data: bytes) -> None:
        """Something that a task has written."""


Displaying = Callable[[Face], AbstractContextManager[Display]]


@contextmanager
def display(face: Face) -> Iterator[Display]:
    """For who waits: a person sees everything, a program hears of its jobs."""
    if face.person:
        with _screen() as screen:
            yield screen
    elif face.json:
        from paceline.cli.live.lines import JobLines  # noqa: PLC0415 - for programs

        yield JobLines(face)
    else:
        yield Silence()


@contextmanager
def watched(face: Face) -> Iterator[Display]:
    """For who watches: a program hears of every report and every end, a log file of some."""
    if face.person:
        with _screen() as screen:
            yield screen
    elif face.quiet:
        yield Silence()
    else:
        from paceline.cli.live.lines import JsonLines, TextLines  # noqa: PLC0415 - where nobody looks
        from paceline.clock import SystemClock  # noqa: PLC0415 - with it

        yield JsonLines(face) if face.json else TextLines(face, SystemClock())


@contextmanager
def _screen() -> Iterator[Display]:
    from paceline.cli.live.screen import Screen, terminal  # noqa: PLC0415 - rich: 80 ms for who looks

    with Screen(terminal()) as screen:
        yield screen


class Silence:
    """Nothing but what tasks write."""

    endings: Wanted = "none"

    def show(self, board: Board, reports: Sequence[ReportView]) -> None:
        pass

    def end(self, ending: Ending) -> None:
        pass

    def write(self, stream: str, data: bytes) -> None:
        write(stream, data)
