"""Paceline in a minute: a server, two workers, sixteen trainings, an ordinary script. ``make demo`` runs this.

It uses nothing but the command line and ``paceline.Client``, so it may serve as an example of both. What it makes is
kept in ``demo-data``, or the directory it is given: the tables, the models and the fleet's own home. While it runs, try
``kill -9`` on any process of the fleet.
"""

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

import paceline
from paceline.model.views import ReportView

EXAMPLES = Path(__file__).resolve().parent
PLACE = Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else EXAMPLES.parent / "demo-data"
LOG = PLACE / "up.log"
PACELINE = [sys.executable, "-m", "paceline"]
PATIENCE = 300.0  # seconds until all trainings must be over

console = Console(highlight=False)
if not console.is_terminal:
    console = Console(width=120, highlight=False)


def main() -> int:
    began = time.perf_counter()
    PLACE.mkdir(exist_ok=True)
    os.environ["PACELINE_HOME"] = str(PLACE / "home")
    with fleet():
        say("Two grids of random forests, one task per combination (examples/grid.yaml)")
        board = submitted(EXAMPLES / "grid.yaml")
        asyncio.run(follow(board))
        failed = asyncio.run(results(board))
        console.print(f"  The models are in {shown(PLACE / 'models')}, as skops files.")
        say("An ordinary training script; paceline.train.report is all it knows of Paceline")
        failed += run("run", "--", sys.executable, str(EXAMPLES / "hello_training.py"))
    console.print(f"\nDone in {time.perf_counter() - began:.0f} s" + (f"; {failed} failed." if failed else "."))
    next_steps()
    return 1 if failed else 0


# ── a fleet of its own ──────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def fleet() -> Iterator[None]:
    """A server and two workers on this machine, ready; stopped again at the end."""
    say("A server and two workers: paceline up --workers 2")
    subprocess.run([sys.executable, EXAMPLES / "tables.py", PLACE], check=True)
    command = [*PACELINE, "up", "--workers", "2", "--port", "0", "--json"]
    with (
        LOG.open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, process_group=0) as up,
    ):
        try:
            said = json.loads(up.stdout.readline() if up.stdout else "")
            if "error" in said:
                raise SystemExit(f"{said['error']['message']}\nhint: {said['error']['hint']}")
            console.print(f"  {said['address']}, {' and '.join(said['workers'])} (log in {shown(LOG)})")
            run("cancel", "all", stdout=subprocess.DEVNULL)  # what an interrupted demo left behind
            yield
        finally:
            up.terminate()
            up.wait()


def run(*arguments: str, stdout: int | None = None) -> int:
    """One command of the command line, in the directory of the demo. 1 if it failed."""
    return int(subprocess.run([*PACELINE, *arguments], cwd=PLACE, stdout=stdout, check=False).returncode != 0)


# ── watching ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Row:
    """One training, as far as it has told."""

    job: str
    params: dict[str, object]
    latest: tuple[int, int] = (0, 0)  # attempt, step
    progress: float = 0.0
    metric: str = ""
    value: float = 0.0

    def __str__(self) -> str:
        return f"{self.job}  " + "  ".join(f"{name} {text(value)}" for name, value in self.params.items())


class Board:
    """All trainings, by (job, index)."""

    def __init__(self, rows: dict[tuple[int, int], Row]) -> None:
        self.rows = rows
        self.jobs = sorted({job for job, _ in rows})

    def take(self, report: ReportView) -> None:
        """Note a report. A server that was started again tells all of them again."""
        row = self.rows[report.job, report.index]
        if (report.attempt, report.step) <= row.latest:
            return
        row.latest = (report.attempt, report.step)
        values = json.loads(report.values)
        row.metric = "val_r2" if "val_r2" in values else "val_accuracy"
        row.progress, row.value = values["progress"], values[row.metric]
        if row.progress == 1 and not console.is_terminal:
            console.print(f"  {report.job}.{report.index}  {row}  {row.metric} {row.value:.3f}")

    def __rich__(self) -> Table:
        table = Table("task", "training", "grown", "so far", box=None, padding=(0, 1))
        for (job, index), row in self.rows.items():
            score = f"{row.metric} {row.value:.3f}" if row.metric else ""
            table.add_row(f"{job}.{index}", str(row), ProgressBar(total=1, completed=row.progress, width=20), score)
        return table


def submitted(file: Path) -> Board:
    """Submit a job file. A grid's tasks are its combinations, in order."""
    jobs = yaml.safe_load(file.read_text())["jobs"]
    command = [*PACELINE, "submit", "--quiet", str(file)]
    said = subprocess.run(command, cwd=PLACE, check=False, stdout=subprocess.PIPE, text=True)
    if said.returncode:
        raise SystemExit(said.returncode)  # it told why
    numbers = said.stdout.split()
    return Board(
        {
            (int(number), index): Row(job=name, params=dict(zip(job["grid"], values, strict=True)))
            for number, (name, job) in zip(numbers, jobs.items(), strict=True)
            for index, values in enumerate(itertools.product(*job["grid"].values()))
        }
    )


async def follow(board: Board) -> None:
    """Show reports as they arrive, until every task is over."""
    async with asyncio.timeout(PATIENCE), paceline.Client() as client:
        with Live(board, console=console, auto_refresh=console.is_terminal, transient=True):
            async for update in client.watch(board.jobs, interval=0.1):
                for report in update.reports:
                    board.take(report)


# ── results ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def results(board: Board) -> int:
    """Print what became of the tasks, the best first. Returns how many failed."""
    async with paceline.Client() as client:
        return sum([await result(client, board, job) for job in board.jobs])


async def result(client: paceline.Client, board: Board, job: int) -> int:
    ends = await client.results(job)
    workers = {task.index: task.worker for task in await client.tasks(job)}
    good = {end.index: json.loads(end.result) for end in ends if end.outcome == "SUCCEEDED"}
    metric = "val_r2" if any("val_r2" in made["metrics"] for made in good.values()) else "val_accuracy"
    names = list(board.rows[job, 0].params)
    table = Table("task", *names, metric, "seconds", "worker", "model", box=None, padding=(0, 1))
    for index in sorted(good, key=lambda index: -good[index]["metrics"][metric]):
        made = good[index]
        table.add_row(
            f"{job}.{index}",
            *(text(made["params"][name]) for name in names),
            f"{made['metrics'][metric]:.4f}",
            f"{made['seconds']:.2f}",
            workers[index],
            Path(made["model"]["path"]).name,
        )
    console.print(table)
    failed = [end for end in ends if end.index not in good]
    for end in failed:
        console.print(f"  {job}.{end.index}  {end.outcome}  {end.detail}", style="red")
    return len(failed)


def text(value: object) -> str:
    return "none" if value is None else str(value)


def shown(path: Path) -> str:
    """A path below here, without what everybody knows."""
    return str(path.relative_to(PLACE.parent)) if path.is_relative_to(PLACE.parent) else str(path)


def say(text: str) -> None:
    console.print(f"\n[bold]{text}[/bold]")


def next_steps() -> None:
    console.print("\nWhat next? The fleet is stopped; its home is kept. Start it again and look around:\n")
    home = f"PACELINE_HOME={shown(PLACE / 'home')}"
    for command in ("up", "ps", "logs last", "explain last"):
        console.print(f"  {home} .venv/bin/paceline {command}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (paceline.PacelineError, TimeoutError) as error:
        sys.exit(f"{error or 'the trainings take too long'}; see {shown(LOG)}")
