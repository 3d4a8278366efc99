"""``paceline sim``: how long work would take on a fleet that one does not have."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from paceline.cli.face import Face, speaks
from paceline.cli.table import table
from paceline.grammar import parse_duration
from paceline.model.errors import UsageError

if TYPE_CHECKING:
    from paceline.sim.report import Report

STRATEGIES = ("spread", "first-fit", "best-fit", "worst-fit", "fifo")


@click.command()
@click.option(
    "--workers", multiple=True, default=("100",), metavar="SPEC", help="COUNT[xCPUS[:MEMORY[:GPU]]]; may be repeated."
)
@click.option("--tasks", type=click.IntRange(1), metavar="N", help="How many; a trace is repeated until it has them.")
@click.option("--trace", default="", metavar="FILE", help="The work, as CSV or JSON lines; default: made up.")
@click.option("--seed", type=int, default=1, metavar="N", help="Of made-up work and of durations; default 1.")
@click.option(
    "--strategy", type=click.Choice(STRATEGIES), default="spread", help="How tasks are placed; default spread."
)
@click.option("--compare", is_flag=True, help="Try every strategy on the same work.")
@click.option("--beats", is_flag=True, help="Play the workers' heartbeats too; else they are only counted.")
@click.option("--commit", default="2ms", metavar="DURATION", help="How long a step takes to be on disk; default 2ms.")
@click.option("--plot", default="", metavar="FILE.svg", help="Draw what was in use and what waited over time.")
@speaks
def sim(face: Face, /, **given: str) -> int:
    """Plan capacity: play work on a simulated fleet.

    The real scheduler decides, on a clock that only it makes wait. Without a trace the work is made up: a few large
    arrays, many small jobs, slightly more than the fleet gets done. CPU and memory are the scheduler's own.

    Columns of a trace: submit, name, count, cpus, memory, gpus, duration, priority, limit. A duration is 90s, or a
    distribution: exp 90s, uniform 1m 5m, lognormal 90s 1.5.
    """
    if given["plot"]:
        _check_plot(given["plot"])
    reports = _simulate(face, **given)
    if given["plot"]:
        _draw(Path(given["plot"]), reports)
    face.show(
        lambda: {"runs": [msgspec.to_builtins(each) for each in reports]},
        ids=(each.digest for each in reports),
        text=lambda: _table(reports),
    )
    return 0


def _simulate(face: Face, **given: str) -> Sequence[Report]:
    from paceline.sim.engine import Pace  # noqa: PLC0415 - the whole core, which --help need not pay
    from paceline.sim.fleet import parse_fleet  # noqa: PLC0415 - with it
    from paceline.sim.planning import fill, simulate  # noqa: PLC0415 - with it
    from paceline.sim.policy import POLICIES  # noqa: PLC0415 - with it
    from paceline.sim.synthetic import made_up  # noqa: PLC0415 - with it
    from paceline.sim.tally import BEAT  # noqa: PLC0415 - with it
    from paceline.sim.trace import read_trace  # noqa: PLC0415 - with it

    machines, seed = parse_fleet(given["workers"]), int(given["seed"])
    tasks = int(given["tasks"] or 0)
    if given["trace"]:
        work = read_trace(Path(given["trace"]))
        work = fill(work, tasks) if tasks else work
    else:
        work = made_up(tasks or 10_000, machines, seed)
    pace = Pace(seed=seed, commit=parse_duration(given["commit"], "--commit"), beat=BEAT if given["beats"] else 0.0)
    names = STRATEGIES if given["compare"] else (given["strategy"],)
    reports = []
    for name in names:
        with _progress(face, name, sum(batch.count for batch in work)) as done:
            reports.append(simulate(machines, work, POLICIES[name], pace, done))
    return reports


@contextmanager
def _progress(face: Face, name: str, tasks: int) -> Iterator[Callable[[int], None]]:
    """A bar for a person who waits."""
    if not face.person:
        yield lambda done: None
        return
    with click.progressbar(length=tasks, label=name, file=sys.stderr) as bar:
        yield bar.update


def _check_plot(path: str) -> None:
    """Before minutes are spent on what could not be drawn."""
    if not path.endswith(".svg"):
        raise UsageError(f"--plot: {path!r} does not end in .svg", hint="an SVG is what is drawn")
    try:
        Path(path).touch()
    except OSError as error:
        raise UsageError(f"--plot: cannot write {path}: {error.strerror}") from None


def _draw(path: Path, reports: Sequence[Report]) -> None:
    from paceline.sim.plot import plot  # noqa: PLC0415 - with the rest

    path.write_text(plot(reports))


def _table(reports: Sequence[Report]) -> str:
    first = reports[0]
    columns = [_column(report) for report in reports]
    rows = [(name, *(column[name] for column in columns)) for name in columns[0]]
    head = f"{first.tasks:,} tasks in {first.jobs:,} jobs on {first.workers:,} workers, which beat {_beats(first)}"
    return head + "\n\n" + table(("", *(report.policy for report in reports)), rows, empty="")


def _beats(report: Report) -> str:
    return f"{report.beats_per_second:,.0f} times a second (answers included)"


def _column(report: Report) -> dict[str, str]:
    """Figure by figure."""
    waits, step = report.waits, report.step
    return {
        "makespan": _time(report.makespan),
        "wait p50": _time(waits.p50),
        "wait p90": _time(waits.p90),
        "wait p99": _time(waits.p99),
        "wait max": _time(waits.most),
        **{f"{name} in use": f"{share:.1%}" for name, share in report.utilisation.items()},
        "CPU per task": f"{report.cpu_per_task * 1e6:.1f} µs",
        "steps": f"{report.steps:,}",
        "step p50": f"{step.p50 * 1e6:,.0f} µs",
        "step p99": f"{step.p99 * 1e6:,.0f} µs",
        "memory": f"{report.memory / 1e6:,.1f} MB",
        "messages per task": f"{report.messages_per_task:.2f}",
        "decisions": report.digest,
    }


def _time(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
