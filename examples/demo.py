"""Paceline in a minute: a server, two workers, sixteen trainings, an ordinary script. ``make demo`` runs this.

It uses nothing but the command line and ``paceline.Client``, so it may serve as an example of both. What it makes is
kept in ``demo-data``: the tables, the models, and the fleet's own home.
"""

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

import paceline

EXAMPLES = Path(__file__).resolve().parent
PLACE = EXAMPLES.parent / "demo-data"
GRID = EXAMPLES / "grid.yaml"
PACELINE = [sys.executable, "-m", "paceline"]
PATIENCE = 30.0  # seconds until the fleet must be up

console = Console()


def main() -> int:
    began = time.perf_counter()
    PLACE.mkdir(exist_ok=True)
    os.environ["PACELINE_HOME"] = str(PLACE / "home")
    with fleet():
        say("Two grids of random forests, one task per combination (examples/grid.yaml)")
        board = Board.of(GRID)
        asyncio.run(follow(board))
        failed = asyncio.run(results(board))
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
    with (PLACE / "up.log").open("w") as log:
        up = subprocess.Popen(
            [*PACELINE, "up", "--workers", "2", "--port", "0"], stdout=log, stderr=log, process_group=0
        )
    try:
        names = asyncio.run(ready(up))
        console.print(f"  ready: {', '.join(names)} (log in {shown(PLACE / 'up.log')})")
        yield
    finally:
        up.terminate()
        up.wait(timeout=PATIENCE)


async def ready(up: subprocess.Popen[bytes]) -> list[str]:
    """Names of the workers, once both are there."""
    for _ in range(int(PATIENCE / 0.2)):
        with contextlib.suppress(paceline.Unreachable, paceline.NotAllowed):  # not yet
            async with paceline.Client() as client:
                workers = [worker.name for worker in await client.workers() if worker.state == "READY"]
                if len(workers) == 2:
                    return workers
        if up.poll() is not None:
            break
        await asyncio.sleep(0.2)
    raise SystemExit(f"the fleet did not come up; its log:\n{(PLACE / 'up.log').read_text()}")


def run(*arguments: str) -> int:
    """One command of the command line, in the directory of the demo. 1 if it failed."""
    return int(subprocess.run([*PACELINE, *arguments], cwd=PLACE, check=False).returncode != 0)


# ── watching ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Row:
    """One training, as far as it has told."""

    label: str
    progress: float = 0.0
    metric: str = ""
    value: float = float("nan")


class Board:
    """All trainings of the jobs that were submitted, by (job, task)."""

    def __init__(self, rows: dict[tuple[int, int], Row]) -> None:
        self.rows = rows

    @classmethod
    def of(cls, file: Path) -> "Board":
        """Submit a job file and make a row for each of its tasks, which run in the order of the grid."""
        jobs = yaml.safe_load(file.read_text())["jobs"]
        said = subprocess.run(
            [*PACELINE, "submit", "--quiet", str(file)], cwd=PLACE, check=True, stdout=subprocess.PIPE, text=True
        )
        numbers = [int(number) for number in said.stdout.split()]
        rows = {
            (number, index): Row(label=f"{name}  {labelled(job['grid'], values)}")
            for number, (name, job) in zip(numbers, jobs.items(), strict=True)
            for index, values in enumerate(itertools.product(*job["grid"].values()))
        }
        return cls(rows)

    @property
    def jobs(self) -> list[int]:
        return sorted({job for job, _ in self.rows})

    def take(self, job: int, index: int, values: dict[str, float]) -> None:
        """Note a report."""
        row = self.rows[job, index]
        row.metric = "val_r2" if "val_r2" in values else "val_accuracy"
        row.progress, row.value = values["progress"], values[row.metric]
        if row.progress == 1 and not console.is_terminal:
            console.print(f"  {job}.{index}  {row.label}  {row.metric} {row.value:.3f}")

    def __rich__(self) -> Table:
        table = Table(box=None, padding=(0, 2))
        for name in ("task", "training", "trees", "so far"):
            table.add_column(name)
        for (job, index), row in self.rows.items():
            score = f"{row.metric} {row.value:.3f}" if row.metric else ""
            table.add_row(f"{job}.{index}", row.label, ProgressBar(total=1, completed=row.progress, width=24), score)
        return table


async def follow(board: Board) -> None:
    """Show reports as they arrive, until every task is over. The stream outlasts whatever is killed meanwhile."""
    with Live(board, console=console, refresh_per_second=10, auto_refresh=console.is_terminal, transient=True):
        async with paceline.Client() as client:
            async for update in client.watch(board.jobs, interval=0.1):
                for report in update.reports:
                    board.take(report.job, report.index, json.loads(report.values))


# ── results ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def results(board: Board) -> int:
    """Print what became of the tasks, the best first. Returns how many failed."""
    failed = 0
    async with paceline.Client() as client:
        for job in board.jobs:
            workers = {task.index: task.worker for task in await client.tasks(job)}
            ends = await client.results(job)
            good = {end.index: json.loads(end.result) for end in ends if end.outcome == "SUCCEEDED"}
            metric = board.rows[job, 0].metric
            best = sorted(good, key=lambda index: -good[index]["metrics"][metric])
            table = Table("task", "training", metric, "seconds", "worker", "model file", box=None, padding=(0, 2))
            for index in best:
                result = good[index]
                table.add_row(
                    f"{job}.{index}",
                    board.rows[job, index].label,
                    f"{result['metrics'][metric]:.4f}",
                    f"{result['seconds']:.2f}",
                    workers[index],
                    shown(Path(result["model"]["path"])),
                )
            console.print(table)
            for end in ends:
                if end.index not in good:
                    failed += 1
                    console.print(f"  {job}.{end.index}  {end.outcome}  {end.detail}", style="red")
    return failed


def labelled(grid: dict[str, list[object]], values: Sequence[object]) -> str:
    """ "trees 30  max_depth 4"."""
    return "  ".join(f"{name} {'none' if value is None else value}" for name, value in zip(grid, values, strict=True))


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
    sys.exit(main())
