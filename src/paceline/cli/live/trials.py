"""The trials of a sweep as a table that is drawn anew whenever one of them moves."""

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from paceline.cli.table import state, table
from paceline.cli.words import short
from paceline.orders.metric import Direction
from paceline.sdk.sweeps.driver import LiveTrial

AROUND = 4
"""Lines of a terminal that are left to what stands around the table."""


class TrialScreen:
    """Running trials, then the best of those that are over, as many as there is room for."""

    def __init__(self, console: Console, metric: str, way: Direction) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._console = console
        self._metric, self._sign = metric, 1 if way == "min" else -1
        self._trials: dict[int, LiveTrial] = {}

    def __enter__(self) -> "TrialScreen":
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def tell(self, trial: LiveTrial) -> None:
        """Something of this trial has changed."""
        self._trials[trial.number] = trial
        room = max(1, self._console.height - AROUND)
        shown = self._table(sorted(self._trials.values(), key=self._rank)[:room])
        self._live.update(Text.from_ansi(shown, no_wrap=True, overflow="ellipsis"), refresh=True)

    def _rank(self, trial: LiveTrial) -> tuple[int, float, int]:
        order = ("running", "pruning", "complete", "pruned", "failed").index(trial.state)
        value = trial.value if trial.state == "complete" and trial.value is not None else 0.0
        return order, self._sign * value, trial.number

    def _table(self, trials: list[LiveTrial]) -> str:
        names = list(dict.fromkeys(name for trial in trials for name in trial.params))
        heading = ("TRIAL", "TASK", "STATE", "STEP", self._metric, *names)
        return table(heading, [_row(trial, names) for trial in trials], empty="")


def _row(trial: LiveTrial, names: list[str]) -> list[str]:
    step = str(trial.step) if trial.step >= 0 else ""
    value = "" if trial.value is None else f"{trial.value:.6g}"
    params = (short(trial.params.get(name, "")) for name in names)
    return [str(trial.number), str(trial.task), state(trial.state.upper()), step, value, *params]
