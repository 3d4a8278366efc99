"""The trials of a sweep as a table that is drawn anew whenever one of them moves."""

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from paceline.cli.commands.best import short
from paceline.cli.table import state, table
from paceline.sdk.sweeps.driver import Run
from paceline.sdk.sweeps.metric import Direction

AROUND = 4
"""Lines of a terminal that are left to what stands around the table."""


class TrialScreen:
    """Running trials, then the best of those that are over, as many as there is room for."""

    def __init__(self, console: Console, metric: str, way: Direction) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._console = console
        self._metric, self._sign = metric, 1 if way == "min" else -1
        self._runs: dict[int, Run] = {}

    def __enter__(self) -> "TrialScreen":
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def tell(self, run: Run) -> None:
        """Something of this trial has changed."""
        self._runs[run.number] = run
        room = max(1, self._console.height - AROUND)
        self._live.update(Text.from_ansi(self._table(sorted(self._runs.values(), key=self._rank)[:room])), refresh=True)

    def _rank(self, run: Run) -> tuple[int, float, int]:
        order = ("running", "pruning", "complete", "pruned", "failed").index(run.state)
        value = run.value if run.state == "complete" and run.value is not None else 0.0
        return order, self._sign * value, run.number

    def _table(self, runs: list[Run]) -> str:
        names = list(dict.fromkeys(name for run in runs for name in run.params))
        heading = ("TRIAL", "TASK", "STATE", "STEP", self._metric, *names)
        return table(heading, [_row(run, names) for run in runs], empty="")


def _row(run: Run, names: list[str]) -> list[str]:
    step = str(run.step) if run.step >= 0 else ""
    value = "" if run.value is None else f"{run.value:.6g}"
    params = (short(run.params.get(name, "")) for name in names)
    return [str(run.number), str(run.task), state(run.state.upper()), step, value, *params]
