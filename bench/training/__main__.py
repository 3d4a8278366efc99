"""Trainings through Paceline beside plain scripts with the same libraries, at once; then one that is killed half way.

    python -m bench.training                    all three, about half an hour; into docs/training.md
    python -m bench.training xgboost --rounds 2 some of it, only printed

The script and all of Paceline (server, worker, command, training) share one processor and take turns every few
milliseconds: whatever else befalls the machine, one half of a pair meets as much of it as the other. Alone, where
a host has many guests, the same script takes another time in each run, and nobody sees 3 % in that. A second pair has
the next processor. Seconds are those of the whole command, `python script.py` and `paceline submit
--wait`: imports, reading the table, training, keeping the model, all of it.
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
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
    "random_forest": {"trees": 200, "max_depth": 14},
    "xgboost": {"rounds": 1600, "max_depth": 10, "learning_rate": 0.05},
    "neural_network": {"hidden": [128, 64], "epochs": 60, "batch_size": 64, "learning_rate": 1e-3},
}


SETTLED = 5.0
"""Seconds in which a fleet comes to rest that was just started, and has loaded whatever it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One training from command to model."""

    seconds: float
    processor: float  # seconds of it, of all processes together
    around: float = 0.0  # of those, of the command and the fleet: of all that does not learn
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
        resumed = killed(chosen, {model: ours[0].processor / 2 for model, (_, ours) in beside.items()})
    tables = {
        "machine": said(machine()),
        "trainings": markdown([HEAD, *(row(model, *trips) for model, trips in beside.items())]),
        "killed": markdown([KILLED_HEAD, *(killed_row(model, *trips) for model, trips in resumed.items())]),
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
    with per_processor() as pool:
        pairs = [(model, pool.submit(pair, model)) for _ in range(rounds) for model in models]
        for model, taken in pairs:
            for trips, trip in zip(found[model], taken.result(), strict=True):
                trips.append(trip)
    return found


def per_processor() -> ThreadPoolExecutor:
    """One thread for each processor. It stays there, and so do the processes that it starts."""
    left = sorted(os.sched_getaffinity(0))
    return ThreadPoolExecutor(len(left), initializer=lambda: os.sched_setaffinity(0, {left.pop()}))


def pair(model: str) -> tuple[Trip, Trip]:
    """A plain one, and ours. Whichever is over first, the other one goes on with half of the processor."""
    with fleet("one") as ours, ThreadPoolExecutor() as pool:
        both = pool.submit(plain, model, ours.home / "plain"), pool.submit(submitted, ours, model)
        wait(both, return_when=FIRST_COMPLETED)
        with competitor():
            theirs, mine = (half.result() for half in both)
    told = (f"{trip.seconds:.1f} s ({trip.processor:.1f} s of the processor)" for trip in (theirs, mine))
    print(f"{model}: plain", ", ".join(told), "through Paceline", file=sys.stderr)
    return theirs, mine


@contextlib.contextmanager
def competitor() -> Iterator[None]:
    """Somebody else who wants the processor meanwhile, for ten minutes at most."""
    script = "import time\nend = time.monotonic() + 600\nwhile time.monotonic() < end: pass"
    with session([sys.executable, "-c", script]) as process:
        try:
            yield
        finally:
            process.kill()


def plain(model: str, file: Path) -> Trip:
    """The script."""
    params = json.dumps(PARAMS[model])
    command = [sys.executable, "-m", "bench.training.plain", model, "table.parquet", params, str(file)]
    root = str(Path(__file__).parents[2])
    began = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": root}
    with session(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        processor = waited(process)
    return Trip(seconds=time.perf_counter() - began, processor=processor, accuracy=float(said.split()[-1]))


def session(command: Sequence[str], **more: Any) -> "subprocess.Popen[bytes]":
    """A process in a session of its own, as a training of ours has one: Linux deals out processors by session."""
    return subprocess.Popen(command, start_new_session=True, **more)


def waited(process: "subprocess.Popen[bytes]") -> float:
    """Seconds of the processor that it took until its end. Raises SystemExit if it failed."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{process.args!r} failed")
    return usage.ru_utime + usage.ru_stime


def submitted(fleet: Fleet, model: str) -> Trip:
    """The same by a worker, until it is over."""
    with Meter(fleet.home) as meter, submission(fleet, model) as (process, began):
        command = waited(process)
    seconds = {**meter.seconds, "client": command}
    around = sum(seconds.values()) - seconds["pool"] - seconds["programs"]
    return replace(outcome(fleet, time.perf_counter() - began), processor=sum(seconds.values()), around=around)


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
    """A server, and workers that each offer what they may use. They have been there for a while."""
    with server_only() as ours:
        ours.add_workers(*workers)
        ours.run(tasks=1)
        time.sleep(SETTLED)
        yield ours


# ── killed half way ─────────────────────────────────────────────────────────────────────────────────────────────────


def killed(models: Sequence[str], halves: Mapping[str, float]) -> Mapping[str, tuple[Trip, Trip]]:
    """By model, one that nothing happens to, and at once one whose worker is killed after so many seconds."""
    with per_processor() as pool:
        trips = {
            model: (pool.submit(undisturbed, model), pool.submit(killed_once, model, halves[model])) for model in models
        }
        return {model: (usual.result(), hit.result()) for model, (usual, hit) in trips.items()}


def undisturbed(model: str) -> Trip:
    with fleet("first", "second") as ours:
        return submitted(ours, model)


def killed_once(model: str, after: float) -> Trip:
    """The worker that has it, with all that runs there."""
    with (
        fleet("first", "second") as ours,
        submission(ours, model, "--param", "checkpoint_seconds=2") as (process, began),
    ):
        time.sleep(after)
        worker = asyncio.run(holder(ours))
        kill(ours, worker)
        process.wait()
        trip = outcome(ours, time.perf_counter() - began)
    print(f"{model}: {worker} killed after {after:.0f} s, {trip.seconds:.1f} s in all", file=sys.stderr)
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
    *("processor: the script", "all of Paceline", "ratio", "of that, not the training's process"),
    *("accuracy: the script", "through Paceline"),
)
KILLED_HEAD = ("training", "undisturbed", "worker killed half way", "attempts", "accuracy undisturbed", "killed")


def row(model: str, theirs: Sequence[Trip], ours: Sequence[Trip]) -> Sequence[str]:
    """Medians; a ratio is that of each pair."""
    return (
        model,
        *compared([trip.seconds for trip in theirs], [trip.seconds for trip in ours]),
        *compared([trip.processor for trip in theirs], [trip.processor for trip in ours]),
        f"{statistics.median(trip.around for trip in ours):.1f} s",
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


def killed_row(model: str, usual: Trip, hit: Trip) -> Sequence[str]:
    accuracies = (f"{trip.accuracy:.6f}" for trip in (usual, hit))
    return (model, f"{usual.seconds:.1f} s", f"{hit.seconds:.1f} s", str(hit.attempts), *accuracies)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(PARAMS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=4, help="of each (default 4)")
    options = parser.parse_args()
    if unknown := set(options.models) - set(PARAMS):
        parser.error(f"there is no model {', '.join(sorted(unknown))}; there are {', '.join(PARAMS)}")
    return options


if __name__ == "__main__":
    main()
