"""``paceline job best``: which trial turned out best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from paceline.cli.complete import selectors_argument
from paceline.cli.face import Face, asks
from paceline.cli.selection import resolve
from paceline.cli.session import ask
from paceline.cli.table import state, table
from paceline.cli.words import short

if TYPE_CHECKING:
    from paceline.orders.metric import Direction
    from paceline.sdk.client import Client
    from paceline.sdk.sweeps.trials import Trial


@click.command()
@selectors_argument()
@click.option(
    "--metric", default="", metavar="NAME", help="What to judge by; default: val_loss, or the next usual one."
)
@click.option("--min", "way", flag_value="min", default="", help="Less is better.")
@click.option("--max", "way", flag_value="max", help="More is better.")
@click.option("--top", type=click.IntRange(1), default=1, metavar="N", help="The best N; default 1.")
@asks
def best(face: Face, selectors: tuple[str, ...], *, metric: str, way: Direction | None, top: int) -> None:
    """Show which tasks of jobs turned out best, and with which parameters.

    The metric is taken from a task's result or, where that has none, from its last report. Which way is better is known
    for the usual ones. Tasks that failed are left out.
    """
    from paceline.orders import metric as metrics  # noqa: PLC0415 - for those who ask

    trials = ask(face, lambda client: _trials(client, selectors))
    known = [name for trial in trials for name in trial.metrics]
    metric = metric or metrics.preferred(known)
    if metric not in known:
        raise metrics.missing(metric, known)
    ranked = _ranked(trials, metric, way or metrics.direction(metric, hint="--min or --max"))
    show_best(face, ranked[:top], metric)
    if without := len(trials) - len(ranked):
        face.remark(f"{without} of {len(trials)} tasks have no {metric}, or failed")


def show_best(face: Face, trials: Sequence[Trial], metric: str) -> None:
    """Trials in the order that was found, with what they were given."""
    face.show(
        lambda: {"metric": metric, "trials": [trial_form(trial, metric) for trial in trials]},
        ids=(trial.task for trial in trials),
        text=lambda: _table(trials, metric),
    )


def trial_form(trial: Trial, metric: str) -> dict[str, object]:
    """A trial as JSON."""
    return {
        "task": str(trial.task),
        "state": trial.state,
        "attempt": trial.attempt,
        "value": trial.metrics.get(metric),
        "params": dict(trial.params),
        "metrics": dict(trial.metrics),
        "model": trial.model or None,
        "simulated": trial.simulated,
    }


async def _trials(client: Client, selectors: Sequence[str]) -> list[Trial]:
    from paceline.sdk.sweeps.trials import trials_of  # noqa: PLC0415 - as above

    found: list[Trial] = []
    for target in await resolve(client, selectors):
        wanted = [range(each.start, each.stop, each.step) for each in target.ranges]
        trials = await trials_of(client, target.job.job)
        found += [trial for trial in trials if not wanted or any(trial.task.index in each for each in wanted)]
    return found


def _ranked(trials: Sequence[Trial], metric: str, way: Direction) -> list[Trial]:
    from paceline.sdk.sweeps import trials as ranking  # noqa: PLC0415 - as above

    return ranking.best(trials, metric, way)


def _table(trials: Sequence[Trial], metric: str) -> str:
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    models = ["MODEL"] if any(trial.model for trial in trials) else []
    rows = [
        (
            str(trial.task),
            f"{trial.metrics[metric]:.6g}",
            state(trial.state) + (" (simulated)" if trial.simulated else ""),
            str(trial.attempt),
            *(trial.model for _ in models),
            *(short(trial.params.get(name, "")) for name in names),
        )
        for trial in trials
    ]
    return table(("TASK", metric, "STATE", "ATTEMPT", *models, *names), rows, empty="")
