"""Trainings through Paceline beside plain scripts with the same libraries, at once; then one that is killed half way.

    python -m bench.training                    all three, about twenty minutes; into docs/training.md
    python -m bench.training xgboost --rounds 2 some of it, only printed

The script has one processor, and all of Paceline (server, worker, command, training) the other one; each round they
change places. So whatever else the machine is kept busy with meets both. Seconds are those of the whole command,
`python script.py` and `paceline submit --wait`: imports, reading the table, training, keeping the model, all of it. A
machine that is shared with others gives one processor less time than the other; so besides them, the processor's own.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.datasets import make_classification

from bench.fleet import Fleet, server_only
from bench.processes import Meter
from bench.report import PAGE as PERFORMANCE
from bench.report import filled, markdown, said
from bench.result import machine
from paceline.sdk.client import Client

PAGE = PERFORMANCE.with_name("training.md")
ROWS, COLUMNS = 60_000, 30
PARAMS: Mapping[str, Mapping[str, object]] = {
    "random_forest": {"trees": 155, "max_depth": 14},
    "xgboost": {"rounds": 1000, "max_depth": 10, "learning_rate": 0.05},
    "neural_network": {"hidden": [128, 64], "epochs": 70, "batch_size": 64, "learning_rate": 1e-3},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One training from command to model."""

    seconds: float
    processor: float  # seconds of it, of all processes together
    accuracy: float  # on rows it has not learned from
    attempts: int = 1


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = options.models or list(PARAMS)
    with tempfile.TemporaryDirectory(prefix="paceline-bench-") as name:
        os.chdir(name)
        write_table(Path("table.parquet"))
        beside = side_by_side(chosen, options.rounds)
        resumed = killed(chosen, {model: theirs[0] for model, (theirs, _) in beside.items()})
    tables = {
        "machine": said(machine()),
        "trainings": markdown([HEAD, *(row(model, *trips) for model, trips in beside.items())]),
        "killed": markdown(
            [KILLED_HEAD, *(killed_row(model, beside[model][1], trip) for model, trip in resumed.items())]
        ),
    }
    print(*tables.values(), sep="\n\n")
    if not options.models:
        PAGE.write_text(filled(PAGE.read_text(), tables))


def write_table(file: Path) -> None:
    """Numbers that are hard to tell apart, with a target of two classes."""
    x, y = make_classification(
        ROWS, COLUMNS, n_informative=12, n_redundant=6, flip_y=0.05, class_sep=0.6, random_state=1
    )
    columns = {f"x{number}": column for number, column in enumerate(x.T)} | {"y": y.astype(np.int64)}
    pq.write_table(pa.table(columns), file)


# ── side by side ────────────────────────────────────────────────────────────────────────────────────────────────────


def side_by_side(models: Sequence[str], rounds: int) -> Mapping[str, tuple[list[Trip], list[Trip]]]:
    """Plain ones and ours, by model, a pair for each round."""
    found: dict[str, tuple[list[Trip], list[Trip]]] = {model: ([], []) for model in models}
    for number in range(rounds):
        for model in models:
            theirs, ours = at_once(model, number % 2)
            found[model][0].append(theirs)
            found[model][1].append(ours)
            told = (f"{trip.seconds:.1f} s ({trip.processor:.1f} s of a processor)" for trip in (theirs, ours))
            print(f"{model}, round {number + 1}:", " plain, ".join(told), "through Paceline", file=sys.stderr)
    return found


def at_once(model: str, processor: int) -> tuple[Trip, Trip]:
    """A plain one, and ours on this processor."""
    with ThreadPoolExecutor() as pool:
        theirs = pool.submit(on, 1 - processor, lambda: plain(model))
        ours = pool.submit(on, processor, lambda: through(model))
        return theirs.result(), ours.result()


def on(processor: int, work: Callable[[], Trip]) -> Trip:
    """Have this thread, and all processes that it starts, run on that processor alone."""
    os.sched_setaffinity(0, {processor})
    return work()


def plain(model: str) -> Trip:
    """The script."""
    command = [sys.executable, "-m", "bench.training.plain", model, "table.parquet", json.dumps(PARAMS[model]), "model"]
    root = str(Path(__file__).parents[2])
    began = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": root}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        processor = waited(process)
    return Trip(seconds=time.perf_counter() - began, processor=processor, accuracy=float(said.split()[-1]))


def waited(process: "subprocess.Popen[bytes]") -> float:
    """Seconds of the processor that it took until its end. Raises SystemExit if it failed."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{process.args!r} failed")
    return usage.ru_utime + usage.ru_stime


def through(model: str) -> Trip:
    """The same by a worker."""
    with fleet("one") as ours:
        return submitted(ours, model)


def submitted(fleet: Fleet, model: str) -> Trip:
    """The same through a fleet, until it is over."""
    with Meter(fleet.home) as meter, submission(fleet, model) as (process, began):
        command = waited(process)
    fleets = sum(seconds for part, seconds in meter.seconds.items() if part != "client")
    return replace(outcome(fleet, time.perf_counter() - began), processor=command + fleets)


@contextlib.contextmanager
def submission(fleet: Fleet, model: str, *more: str) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    """The command while it runs, and when it began."""
    command = [sys.executable, "-m", "paceline", "submit", "--wait", "--kind", "train", "--cpus", "1"]
    params = {"data": str(Path("table.parquet").absolute()), "target": "y", "model": model, **PARAMS[model]}
    for key, value in params.items():
        command += ["--param", f"{key}={value if isinstance(value, str) else json.dumps(value)}"]
    began = time.perf_counter()
    environment = os.environ | {"PACELINE_HOME": str(fleet.home)}
    with subprocess.Popen([*command, *more], env=environment, stdout=subprocess.DEVNULL) as process:
        yield process, began


def outcome(fleet: Fleet, seconds: float) -> Trip:
    """Of the training that was submitted last."""

    async def ask() -> Trip:
        async with Client(fleet.options) as client:
            job = (await client.jobs(limit=1))[0].job
            [end] = await client.results(job)
            return Trip(
                seconds=seconds,
                processor=0.0,
                accuracy=json.loads(end.result)["metrics"]["val_accuracy"],
                attempts=end.number,
            )

    return asyncio.run(ask())


@contextlib.contextmanager
def fleet(*workers: str) -> Iterator[Fleet]:
    """A server, and workers that each offer what they may use."""
    with server_only() as ours:
        ours.add_workers(*workers)
        yield ours


# ── killed half way ─────────────────────────────────────────────────────────────────────────────────────────────────


def killed(models: Sequence[str], usual: Mapping[str, Trip]) -> Mapping[str, Trip]:
    """One of two workers is killed in the middle of a training, with all that runs on it."""
    with ThreadPoolExecutor(1) as pool:
        trips = [pool.submit(on, 0, partial(killed_once, model, usual[model].seconds)) for model in models]
        return {model: trip.result() for model, trip in zip(models, trips, strict=True)}


def killed_once(model: str, usual: float) -> Trip:
    with (
        fleet("first", "second") as ours,
        submission(ours, model, "--param", "checkpoint_seconds=2") as (process, began),
    ):
        time.sleep(usual / 2)
        worker = asyncio.run(holder(ours))
        kill(ours, worker)
        process.wait()
        trip = outcome(ours, time.perf_counter() - began)
    print(f"{model}: {worker} killed half way, {trip.seconds:.1f} s in all", file=sys.stderr)
    return trip


async def holder(fleet: Fleet) -> str:
    """The worker on which the last training runs."""
    async with Client(fleet.options) as client:
        job = (await client.jobs(limit=1))[0].job
        return (await client.tasks(job))[0].worker


def kill(fleet: Fleet, worker: str) -> None:
    """Agent and supervisor, so that nothing of the worker is left and it does not come back."""
    agent = fleet.processes[1 + ("first", "second").index(worker)]
    agent.kill()
    os.kill(int((fleet.home / "workers" / worker / "supervisor.lock").read_text()), signal.SIGKILL)


# ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────

HEAD = (
    *("training", "plain script", "through Paceline", "ratio"),
    *("processor: the script", "all of Paceline", "ratio"),
    *("accuracy: the script", "through Paceline"),
)
KILLED_HEAD = ("training", "undisturbed", "worker killed half way", "attempts", "accuracy undisturbed", "killed")


def row(model: str, theirs: Sequence[Trip], ours: Sequence[Trip]) -> Sequence[str]:
    """Medians; a ratio is that of each pair."""
    return (
        model,
        *compared([trip.seconds for trip in theirs], [trip.seconds for trip in ours]),
        *compared([trip.processor for trip in theirs], [trip.processor for trip in ours]),
        *(f"{trips[0].accuracy:.6f}" for trips in (theirs, ours)),
    )


def compared(theirs: Sequence[float], ours: Sequence[float]) -> Sequence[str]:
    """Seconds of both, and the ratio."""
    ratios = [mine / plain for plain, mine in zip(theirs, ours, strict=True)]
    return (
        f"{statistics.median(theirs):.1f} s",
        f"{statistics.median(ours):.1f} s",
        f"{statistics.median(ratios):.3f} ({min(ratios):.3f} – {max(ratios):.3f})",
    )


def killed_row(model: str, usual: Sequence[Trip], trip: Trip) -> Sequence[str]:
    undisturbed = statistics.median(each.seconds for each in usual)
    accuracies = (f"{each.accuracy:.6f}" for each in (usual[0], trip))
    return (model, f"{undisturbed:.1f} s", f"{trip.seconds:.1f} s", str(trip.attempts), *accuracies)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(PARAMS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=4, help="of each (default 4: each twice on each processor)")
    options = parser.parse_args()
    if unknown := set(options.models) - set(PARAMS):
        parser.error(f"there is no model {', '.join(sorted(unknown))}; there are {', '.join(PARAMS)}")
    return options


if __name__ == "__main__":
    main()
