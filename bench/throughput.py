"""How fast the whole road is: client, server, store, worker and user process together on this machine.

    .venv/bin/python bench/throughput.py                everything, about a minute
    .venv/bin/python bench/throughput.py --tasks 20000  a shorter look

Every task is durable: its submission and its result are on disk before anybody hears of them. Each figure is the
median of ``--rounds`` rounds; CPU is read from /proc for the server with its store process.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

import paceline
from paceline.config import ServerOptions
from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Range, Spec
from paceline.sdk.client import Client
from paceline.sdk.connect import find

PATIENCE = 60.0


def noop(value: int) -> int:
    """The function that is called."""
    return value


@contextmanager
def fleet(home: Path) -> Iterator[psutil.Process]:
    """A server and one worker under their own home; gives the server's process."""
    os.environ["PACELINE_HOME"] = str(home)
    base = [sys.executable, "-m", "paceline"]
    log = (home / "log").open("wb")
    server = subprocess.Popen([*base, "server", "--port", "0"], stdout=log, stderr=log)
    whereabouts = ServerOptions(home=home).whereabouts
    _until(whereabouts.exists)
    address = json.loads(whereabouts.read_text())["address"]
    worker = subprocess.Popen([*base, "worker", "--server", address, "--name", "bench"], stdout=log, stderr=log)
    try:
        _until(lambda: bool(asyncio.run(_workers())))
        yield psutil.Process(server.pid)
    finally:
        for process in (worker, server):
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def _until(there: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE / 0.05)):
        if there():
            return
        time.sleep(0.05)
    raise TimeoutError("the fleet did not come up")


async def _workers() -> int:
    async with Client(find()) as client:
        return len(await client.workers())


def cpu(process: psutil.Process) -> float:
    """CPU seconds of a process and its children so far."""
    family = [process, *process.children(recursive=True)]
    return sum(each.cpu_times().user + each.cpu_times().system for each in family)


def timed(work: Callable[[], int]) -> float:
    """Tasks per second of one round."""
    start = time.perf_counter()  # the wall: what a user waits for
    return work() / (time.perf_counter() - start)


def mapped(tasks: int) -> int:
    """Functions by ``map``: results in order, in the caller's hands."""
    with paceline.Executor() as executor:
        assert sum(executor.map(noop, range(tasks))) == tasks * (tasks - 1) // 2
    return tasks


def submitted(tasks: int) -> int:
    """Functions by one ``submit`` each, all in flight together."""
    with paceline.Executor() as executor:
        futures = [executor.submit(noop, value) for value in range(tasks)]
        assert sum(future.result() for future in futures) == tasks * (tasks - 1) // 2
    return tasks


def commands(tasks: int) -> int:
    """An array of ``true``, output captured."""
    return asyncio.run(_commands(tasks))


async def _commands(tasks: int) -> int:
    run = Spec(kind="command", body=b'{"argv": ["true"]}')
    async with Client(find()) as client:
        submission = await client.submit([JobSpec(name="true", run=run, ranges=(Range(start=0, stop=tasks),))])
        async for update in client.watch([JobId(submission.jobs[0])]):
            last = update
    assert last.jobs[0].succeeded == tasks, last.jobs[0]
    return tasks


def latencies(count: int) -> list[float]:
    """Milliseconds from submit to result, one at a time."""
    with paceline.Executor() as executor:
        executor.submit(noop, 0).result()
        found = []
        for value in range(count):
            start = time.perf_counter()
            executor.submit(noop, value).result()
            found.append((time.perf_counter() - start) * 1e3)
    return sorted(found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=100_000, help="functions per round (default 100,000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each figure (default 5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, fleet(Path(home)) as server:
        mapped(2000)
        before = cpu(server)
        rates = [timed(lambda: mapped(options.tasks)) for _ in range(options.rounds)]
        spent = (cpu(server) - before) / (options.tasks * options.rounds) * 1e6
        print(f"functions by map     {statistics.median(rates):10,.0f} /s   best {max(rates):,.0f}")
        print(f"server CPU           {spent:10.1f} µs per function (server and store processes)")
        rates = [timed(lambda: submitted(options.tasks // 5)) for _ in range(options.rounds)]
        print(f"functions by submit  {statistics.median(rates):10,.0f} /s   best {max(rates):,.0f}")
        rates = [timed(lambda: commands(max(200, options.tasks // 50))) for _ in range(options.rounds)]
        print(f"`true` commands      {statistics.median(rates):10,.0f} /s   best {max(rates):,.0f}")
        found = latencies(500)
        print(f"submit → result      p50 {found[250]:.2f} ms   p99 {found[495]:.2f} ms")


if __name__ == "__main__":
    main()
