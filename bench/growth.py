"""How the decider grows: the tables of docs/growth.md, by ``paceline sim``'s own machinery.

    python -m bench.growth              all of it, about ten minutes; rewrites the tables in docs/growth.md
    python -m bench.growth --up-to 1000 smaller fleets and fewer tasks only; prints them

Times are CPU of this process, taken around each step of the core, so other programs disturb them little.
"""

import argparse
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from paceline.model.resources import Need
from paceline.sim.duration import Duration
from paceline.sim.engine import Pace
from paceline.sim.fleet import parse_fleet
from paceline.sim.planning import simulate
from paceline.sim.policy import POLICIES
from paceline.sim.report import Report
from paceline.sim.work import Batch

PAGE = Path(__file__).parents[1] / "docs/growth.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
WORKERS = (10, 100, 1_000, 10_000)
TASKS = tuple(10**power for power in range(3, 8))
SINGLE_JOBS = tuple(10**power for power in range(3, 6))
SLOTS = 16
Row = Sequence[str]


def play(workers: int, *work: Batch, beat: float = 0.0) -> Report:
    """One simulation, and a word on it to who waits."""
    found = simulate(parse_fleet([f"{workers}x{SLOTS}"]), work, POLICIES["spread"], Pace(beat=beat))
    print(f"{found.workers:,} workers, {found.tasks:,} tasks in {found.jobs:,} jobs", file=sys.stderr)
    return found


def batch(count: int, form: str, seconds: float, at: float = 0.0) -> Batch:
    """So many tasks of one processor each, which take so long."""
    return Batch(at=at, name="growth", count=count, needs=(Need(),), duration=Duration(form=form, first=seconds))


# ── workers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def full(workers: int) -> Report:
    """More waits than can run, from beginning to end; no two tasks end together."""
    return play(workers, batch(max(20_000, 2 * SLOTS * workers), "exp", 60.0))


def half_full(workers: int) -> Report:
    """Half of every worker is taken for good, and jobs of one task each find their places on the rest."""
    settled = batch(SLOTS * workers // 2, "fixed", 3_600.0)
    rate = min(SLOTS * workers / 4 / 60.0, 400.0)  # a second
    return play(workers, settled, *(batch(1, "fixed", 60.0, at=5.0 + number / rate) for number in range(5_000)))


def idle(workers: int) -> float:
    """Share of a processor that signs of life take."""
    found = play(workers, batch(1, "fixed", 60.0), beat=5.0)
    quiet = play(workers, batch(1, "fixed", 60.0))
    return (found.steps * found.step.mean - quiet.steps * quiet.step.mean) / found.makespan


def by_workers(most: int) -> Iterator[Row]:
    for workers in WORKERS:
        if workers <= most:
            busy, roomy = full(workers), half_full(workers)
            yield (
                f"{workers:,}",
                f"{busy.tasks:,}",
                _micro(busy.cpu_per_task),
                f"{_micro(busy.step.p50)} / {_micro(busy.step.p99)}",
                f"{busy.messages_per_task:.1f}",
                f"{_micro(roomy.step.p50)} / {_micro(roomy.step.p99)}",
                f"{busy.memory / 1e6:,.1f} MB",
                f"{busy.beats_per_second:,.0f}",
                f"{idle(workers):.2%}",
            )


# ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def by_tasks(most: int, workers: int = 1_000) -> Iterator[Row]:
    for tasks in TASKS:
        if tasks <= most:
            yield _of_tasks("one array", play(workers, batch(tasks, "fixed", 1.0)))
    for tasks in SINGLE_JOBS:
        if tasks <= most:
            yield _of_tasks("jobs of one task", play(workers, *[batch(1, "fixed", 1.0)] * tasks))


def _of_tasks(what: str, found: Report) -> Row:
    return (
        what,
        f"{found.tasks:,}",
        _micro(found.cpu_per_task),
        f"{found.messages_per_task:.2f}",
        f"{found.memory / 1e6:,.1f} MB",
        f"{found.tasks / found.makespan:,.0f}",
    )


# ── the page ────────────────────────────────────────────────────────────────────────────────────────────────────────


def page(most_workers: int, most_tasks: int) -> str:
    """Both tables."""
    workers = table(
        ("workers", "tasks", "CPU a task", "step p50 / p99", "messages a task", "with room: step p50 / p99", "memory")
        + ("beats a second", "CPU for beats"),
        list(by_workers(most_workers)),
    )
    tasks = table(
        ("submitted as", "tasks", "CPU a task", "messages a task", "memory", "tasks a second, simulated"),
        list(by_tasks(most_tasks)),
    )
    here = f"Python {platform.python_version()} on {platform.machine()}, one thread; by `make growth`."
    return f"{here}\n\n### By workers\n\n{workers}\n\n### By tasks, on 1,000 workers\n\n{tasks}\n"


def table(heading: Row, rows: Sequence[Row]) -> str:
    """As Markdown; numbers to the right."""
    lines = [heading, ["--:" if number else "---" for number in range(len(heading))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _micro(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--up-to", type=int, default=0, metavar="N", help="no more workers and tasks than this; prints")
    most = parser.parse_args().up_to
    if most:
        print(page(most, most))
        return
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{page(max(WORKERS), max(TASKS))}\n{END}{after}")


if __name__ == "__main__":
    main()
