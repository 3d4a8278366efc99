"""How fast attempts are granted and ended durably, and what that costs the keeping process.

    python -m bench.parts.store [--tasks 100000] [--batch 100 1000] [--directory DIR]

One task is one row of ``attempt`` and one of ``ending``, in separate batches, one batch given as soon as the one before
it is kept; ``load`` is how long a new server takes to go on with the job when half of it is done.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import psutil

from paceline.model.columns import Attempts, Endings
from paceline.model.ids import JobId, WorkerId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.records import AttemptsGranted, AttemptsOver, JobKept, Record
from paceline.stores.sqlite import SqliteStore

JOB = JobId(1)
WORKER = WorkerId(1)


def job(tasks: int) -> JobKept:
    spec = JobSpec(name="bench", run=Spec(kind="command", body=b"{}"), ranges=(Range(start=0, stop=tasks),))
    return JobKept(job=JOB, spec=spec, at=1.0)


def granted(indexes: range) -> AttemptsGranted:
    return AttemptsGranted(worker=WORKER, attempts=Attempts(job=JOB, indexes=indexes), at=2.0)


def over(indexes: range) -> AttemptsOver:
    size = len(indexes)
    endings = Endings(job=JOB, indexes=indexes, results=[b"x" * 16] * size, seconds=[0.01] * size)
    return AttemptsOver(worker=WORKER, endings=endings, at=3.0)


async def keep(store: SqliteStore, record: Record) -> None:
    kept: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
    store.keep([record], kept.set_result)
    error = await kept
    if error is not None:
        raise error


async def fill(path: Path, tasks: int, batch: int) -> tuple[float, float]:
    """Seconds it took, and seconds of CPU of the keeping process."""
    store = SqliteStore(path)
    await store.load()
    (keeper,) = psutil.Process().children()
    await keep(store, job(2 * tasks))
    began, cpu = time.perf_counter(), sum(keeper.cpu_times()[:2])
    for first in range(0, tasks, batch):
        indexes = range(first, min(first + batch, tasks))
        await keep(store, granted(indexes))
        await keep(store, over(indexes))
    took, used = time.perf_counter() - began, sum(keeper.cpu_times()[:2]) - cpu
    await store.close()
    return took, used


async def load(path: Path) -> float:
    """Seconds until a new server could go on."""
    store = SqliteStore(path)
    began = time.perf_counter()
    await store.load()
    took = time.perf_counter() - began
    await store.close()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--batch", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--directory", type=Path, help="where to put the store (default: the temporary directory)")
    options = parser.parse_args()
    for batch in options.batch:
        with tempfile.TemporaryDirectory(dir=options.directory) as directory:
            path = Path(directory) / "bench.db"
            took, used = asyncio.run(fill(path, options.tasks, batch))
            loaded = asyncio.run(load(path))
        rows, each = 2 * options.tasks / took, used / options.tasks * 1e6
        print(f"batch {batch:5d}: {rows:9,.0f} rows/s, {each:5.1f} µs CPU per task, load {loaded:.2f} s")


if __name__ == "__main__":
    main()
