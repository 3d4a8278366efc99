"""``python -m tests.system.chaos.measure``: how fast the fleet mends, at its default lease, as a Markdown table.

Every figure comes from real processes on this machine and from what the tasks themselves wrote down. On a machine that
has other work, figures are worse: every one of them contains the start of some process.
"""

import argparse
import asyncio
import math
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from paceline.model.ids import JobId
from paceline.model.job import Range, Retry
from paceline.model.resources import Need
from paceline.sdk.blocking import Bridge
from tests.system.chaos import processes, work
from tests.system.chaos.cluster import Cluster, Link, eventually
from tests.system.chaos.customers import GRACE, Town
from tests.system.chaos.faults import kill
from tests.system.chaos.ledger import Ledger
from tests.system.chaos.links import Proxied, Straight
from tests.system.chaos.report import quantile
from tests.system.chaos.witness import Begun, Witness, uptime

LEASE, BEAT = 20.0, 5.0
QUEUED = 100_000
HOG_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row of the table. ``bar``: what the values may be at most."""

    name: str
    bar: float
    values: Sequence[float]
    unit: str = "s"

    @property
    def met(self) -> bool:
        return bool(self.values) and max(self.values) <= self.bar

    def row(self) -> str:
        """p50, p99, max, how many there were."""
        if not self.values:
            return f"| {self.name} | ≤ {self.bar:g} {self.unit} | not measured | | | 0 | **no** |"
        shown = (f"{value:.2f} {self.unit}" for value in (*map(self._at, (0.5, 0.99)), max(self.values)))
        verdict = "yes" if self.met else "**no**"
        return f"| {self.name} | ≤ {self.bar:g} {self.unit} | {' | '.join(shown)} | {len(self.values)} | {verdict} |"

    def _at(self, share: float) -> float:
        return quantile(self.values, share)


@asynccontextmanager
async def town(home: Path, *names: str, cpus: int = 4) -> AsyncIterator[Town]:
    """Workers of these names; those that begin with ``far`` reach the server through a proxy."""
    home.mkdir()  # noqa: ASYNC240 - before anything runs
    cluster = Cluster(home, beat=BEAT, lease=LEASE, cpus=cpus)
    here = Town(cluster=cluster, ledger=Ledger(), witness=Witness(home / "witness"))
    links: dict[str, Link] = {
        name: Proxied(cluster.port) if name.startswith("far") else Straight(cluster.port) for name in names
    }
    watching = asyncio.create_task(_watch(here.witness))
    try:
        await cluster.open(links)
        yield here
    finally:
        watching.cancel()
        for process in processes.leftovers(home):
            kill(process.pid)
        await cluster.close()


async def _watch(witness: Witness) -> None:
    while True:
        witness.follow()
        await asyncio.sleep(0.005)


# ── a worker is killed ──────────────────────────────────────────────────────────────────────────────────────────────


async def killed_worker(home: Path) -> Sequence[Figure]:
    """Agent and supervisor of one of two workers, while it runs four tasks; a service manager starts it again."""
    noticed, restarted = [], []
    for number in range(5):
        async with town(home / f"killed-{number}", "a", "b") as here:
            job = await here.submit("naps", here.command("held", work.SLOW, 4, retry=Retry()))
            first = await _begun(here, job, 1, 4)
            victim = here.cluster.hosts["a"]
            there = [each for each in first if await _runs_on(here, each, "a")]
            at, supervisor = uptime(), processes.supervisor(home / f"killed-{number}", "a")
            kill(supervisor)
            kill(victim.pid)
            await eventually(lambda here=here: _not_ready(here, "a"), "the server notices")  # type: ignore[misc]
            noticed.append(uptime() - at)
            second = await _begun(here, job, 2, len(there))
            restarted += [each.at - at for each in second]
            await here.ask(lambda client, job=job: client.cancel(job))  # type: ignore[misc]
    return [
        Figure(name="worker killed on a live host: noticed", bar=1.0, values=noticed),
        Figure(name="worker killed on a live host: its tasks run again", bar=3.0, values=restarted),
    ]


async def _begun(here: Town, job: JobId, number: int, count: int) -> Sequence[Begun]:
    """So many attempts of this number, once they began."""

    def found() -> Sequence[Begun]:
        keys = here.witness.begun.items()
        return [begun for key, begun in keys if key.startswith(f"{job}.") and key.endswith(f"#{number}")]

    async def enough() -> bool:
        return len(found()) >= count

    await eventually(enough, f"{count} attempts #{number} of job {job} begin")
    return found()


async def _runs_on(here: Town, begun: Begun, worker: str) -> bool:
    job, index = map(int, begun.task.split("."))
    tasks = await here.ask(lambda client: client.tasks(job, [Range(start=index, stop=index + 1)]))
    return tasks[0].worker == worker


async def _not_ready(here: Town, worker: str) -> bool:
    """Not as it was, or here again as another start of it."""
    return all(view.state != "READY" or view.name != worker for view in await here.cluster.views())


# ── a host is cut off ───────────────────────────────────────────────────────────────────────────────────────────────


async def partitioned_host(home: Path) -> Sequence[Figure]:
    """One of two hosts hears nothing and is heard by nobody, while it runs four tasks."""
    restarted, margins = [], []
    async with town(home / "partition", "far", "near") as here:
        for _ in range(2):
            job = await here.submit("naps", here.command("held", work.SLOW, 4, retry=Retry(), **_on("far")))
            first = await _begun(here, job, 1, 4)
            link = here.cluster.hosts["far"].link
            assert isinstance(link, Proxied)
            at = uptime()
            await link.partition()
            died = asyncio.gather(*(_death(begun) for begun in first))
            second = await _begun(here, job, 2, 4)
            restarted += [each.at - at for each in second]
            dead = dict(zip((begun.task for begun in first), await died, strict=True))
            margins += [dead[each.task] - each.at for each in second]
            await link.heal()
            await here.ask(lambda client, job=job: client.cancel(job))  # type: ignore[misc]
            await here.over(job)
            await eventually(here.cluster.all_ready, "the host is back")
    return [
        Figure(name=f"host cut off, lease {LEASE:g} s: its tasks run elsewhere", bar=25.0, values=restarted),
        Figure(name="…: death of the old attempt after the start of the new (below 0: before)", bar=0, values=margins),
    ]


def _on(worker: str) -> dict[str, object]:
    """Rather there than anywhere else, but not only there."""
    there = Need(labels=(("host", worker),))
    return {"needs": (there, Need())}


async def _death(begun: Begun) -> float:
    """When its process was gone."""

    async def gone() -> bool:
        return not begun.alive

    await eventually(gone, f"{begun.key} dies")
    return uptime()


# ── the server restarts ─────────────────────────────────────────────────────────────────────────────────────────────


async def restarted_server(home: Path) -> Sequence[Figure]:
    """kill -9 with 100,000 calls queued behind short commands; until it answers, and until something new begins."""
    answers, begins = [], []
    async with town(home / "restart", "a", "b", cpus=2) as here:
        async with here.cluster.client() as client:
            calls = client.calls(Bridge(asyncio.get_running_loop()), name="queued", labels={"host": "nobody's"})
            calls.map(work.crunch, [("", number) for number in range(QUEUED)])
            calls.close()
            await calls.accepted()
        await here.submit("naps", here.command("naps", work.NAP, 100_000, nap=0.2))
        for _ in range(5):
            await asyncio.sleep(2.0)
            at = uptime()
            kill(here.cluster.charge.pid)
            await asyncio.sleep(0.3)
            await eventually(here.cluster.answers, "the server answers")
            answers.append(uptime() - at)
            up = uptime()
            await eventually(lambda up=up, here=here: _since(here, up), "work goes on")  # type: ignore[misc]
            begins.append(uptime() - at)
    return [
        Figure(name=f"server killed with {QUEUED:,} calls queued: it answers again", bar=5.0, values=answers),
        Figure(name="…: a new task begins", bar=5.0, values=begins),
    ]


async def _since(here: Town, moment: float) -> bool:
    return any(begun.at > moment for begun in reversed(list(here.witness.begun.values())[-50:]))


# ── cancel ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def cancelled_trees(home: Path) -> Sequence[Figure]:
    """Trees that ignore TERM, with a child in a session of its own; until no process of them is left."""
    empty, said = [], []
    async with town(home / "cancel", "a", "b") as here:
        for number in range(60):
            job = await here.submit("stubborn", here.command(f"stubborn-{number}", work.STUBBORN))
            await _begun(here, job, 1, 1)
            at = uptime()
            over = asyncio.create_task(_over(here, job))
            await here.ask(lambda client, job=job: client.cancel(job))  # type: ignore[misc]
            await eventually(lambda job=job, here=here: _no_process(here, job), "it is gone")  # type: ignore[misc]
            empty.append(uptime() - at)
            said.append(await over - at)
    return [
        Figure(name=f"cancel, grace {GRACE} s: the process tree is empty", bar=GRACE + 2, values=empty),
        Figure(name="…: CANCELLED is said", bar=GRACE + 2, values=said),
    ]


async def _over(here: Town, job: JobId) -> float:
    await here.over(job)
    return uptime()


async def _no_process(here: Town, job: JobId) -> bool:
    return not processes.of_job(here.cluster.home, job)


# ── a task takes all there is ───────────────────────────────────────────────────────────────────────────────────────


async def hogged_machine(home: Path) -> Sequence[Figure]:
    """A call that keeps the interpreter's lock for a minute, on every core; was the worker ever missed?"""
    async with town(home / "hog", "a", cpus=8) as here:
        async with here.cluster.client() as client:
            before = [event.seq for event in await client.events(limit=10_000)][-1]
            calls = client.calls(Bridge(asyncio.get_running_loop()), name="hogs")
            hogs = calls.map(work.hold, [(str(here.witness.path), number, _hog_size()) for number in range(_cores())])
            calls.close()
            await asyncio.gather(*map(asyncio.wrap_future, hogs))
            await calls.accepted()
            events = await client.events(after=before, limit=10_000)
        held = [here.witness.ended[key] - begun.at for key, begun in here.witness.begun.items()]
    missed = [event for event in events if event.kind == "worker_kept" and '"AWAY"' in event.body]
    name = f"all cores and the interpreter's lock held for {min(held):.0f} s: times the worker was missed"
    return [Figure(name=name, bar=0, values=[float(len(missed))], unit="")]


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _hog_size() -> int:
    """So long a word that one look at it takes a minute on this machine; every further letter doubles that."""
    began = time.monotonic()  # noqa: TID251 - real time is what is measured
    work.HOG.match("a" * 22 + "b")
    took = time.monotonic() - began  # noqa: TID251
    return 22 + math.ceil(math.log2(HOG_SECONDS / took))


# ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────────

MEASUREMENTS: Sequence[Callable[[Path], Awaitable[Sequence[Figure]]]] = (
    killed_worker,
    partitioned_host,
    restarted_server,
    cancelled_trees,
    hogged_machine,
)


async def table(home: Path, only: str) -> bool:
    """Print it row by row; whether every bar was met."""
    sys.stdout.write("| what | bar | p50 | p99 | max | of | met |\n|---|---|---|---|---|---|---|\n")
    met = True
    for measurement in MEASUREMENTS:
        if only in measurement.__name__:
            for figure in await measurement(home):
                met = met and figure.met
                sys.stdout.write(figure.row() + "\n")
                sys.stdout.flush()
    return met


def main() -> int:
    """Exit code 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.chaos.measure", description=__doc__)
    parser.add_argument("--only", default="", help="measurements whose names contain this")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="paceline-measure-") as home:
        return 0 if asyncio.run(table(Path(home), given.only)) else 1


if __name__ == "__main__":
    sys.exit(main())
