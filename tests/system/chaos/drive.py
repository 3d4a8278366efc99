"""A run: customers work, lanes of faults strike, then all is healed, and what was promised is compared with what is."""

import asyncio
import math
import shutil
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from paceline.model.task import FINAL_STATES
from tests.system.chaos import processes, tracer, work
from tests.system.chaos.checks import Attempt, rows, violations
from tests.system.chaos.cluster import PATIENCE, Charge, Cluster, Link, eventually
from tests.system.chaos.customers import CALLS, Town, caller, canary, napper, vandal
from tests.system.chaos.disks import Disk
from tests.system.chaos.faults import FAULTS, TRACED, Fault, NotMet, On, Scene, kill, server_away_a_minute
from tests.system.chaos.ledger import Ledger
from tests.system.chaos.links import Cabled, Proxied, Straight
from tests.system.chaos.witness import Witness

LAST = 180.0
"""Seconds for all that was accepted to come to its end once nothing strikes any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How long, how hard. The same seed strikes in the same order; what it meets depends on the moment."""

    home: Path
    seed: int = 1
    seconds: float = 600.0
    faults: int = 300
    """At least; the run goes on until then, up to twice its time."""
    lanes: int = 5
    pause: float = 0.5  # seconds between two orders of a customer
    lease: float = 4.0
    hosts: Sequence[str] = ("straight", "proxied", "cabled")
    outage_at: float = math.inf  # after so many seconds the server is gone for a minute, once
    disks: bool = True  # small ones of their own for server and workers, where that is possible
    only: str = ""  # faults whose names contain this


@dataclass(slots=True, kw_only=True)
class Story:
    """What happened."""

    began: float
    seconds: float = 0.0
    recoveries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    not_met: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    skipped: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    attempts: Sequence[Attempt] = ()
    log: Path

    def tell(self, what: str) -> None:
        """A line of the transcript."""
        with self.log.open("a") as file:
            file.write(f"{self.seconds_so_far:8.2f}  {what}\n")

    @property
    def seconds_so_far(self) -> float:
        return time.monotonic() - self.began  # noqa: TID251

    def without(self, what: str, why: str) -> str:
        """Why it must be done without this here, which the report says too; empty: it need not."""
        if why:
            self.skipped.append(f"{what}: {why}")
        return why

    @property
    def faults(self) -> int:
        return sum(map(len, self.recoveries.values()))


async def run(options: Options) -> tuple[Town, Story]:
    """The whole of it. Whatever goes wrong, no process is left."""
    cluster = Cluster(options.home, beat=options.lease / 8, lease=options.lease)
    town = Town(cluster=cluster, ledger=Ledger(), witness=Witness(options.home / "witness"))
    story = Story(began=time.monotonic(), log=options.home / "story")  # noqa: TID251 - real processes keep real time
    story.without("deaths and errors at system calls", tracer.missing())
    try:
        if options.disks and not story.without("disks to fill up", Disk.possible()):
            cluster.mount()
        await cluster.open(links(options.hosts, cluster.port, story))
        try:
            await _live(town, options, story)
        except ExceptionGroup:  # of a customer or a lane: what was promised up to then counts all the same
            story.violations.append(traceback.format_exc())
        story.violations += await violations(town)
        story.attempts = list(rows(options.home))
    finally:
        await _bury(cluster)
    story.seconds = story.seconds_so_far
    return town, story


def links(wanted: Sequence[str], port: int, story: Story) -> Mapping[str, Link]:
    """Those that are possible here."""
    made: dict[str, Link] = {}
    for number, name in enumerate(wanted):
        if name != "cabled" or not story.without("a host in a network namespace", Cabled.possible()):
            made[name] = _link(name, port, number)
    return made


def _link(name: str, port: int, number: int) -> Link:
    if name == "cabled":
        return Cabled(port, number)
    return Proxied(port) if name == "proxied" else Straight(port)


async def _live(town: Town, options: Options, story: Story) -> None:
    watching = asyncio.create_task(_watch(town))
    customers = [
        asyncio.create_task(customer)
        for customer in (
            caller(town, work.crunch, "calls", CALLS, options.pause),
            caller(town, work.crunch, "far-calls", CALLS, options.pause),
            caller(town, work.hold, "holds", 2, 10 * options.pause),
            napper(town, options.pause),
            vandal(town, options.pause),
        )
    ]
    async with asyncio.TaskGroup() as lanes:
        lanes.create_task(_lane(town, options, story, 0))
        for number in range(1, options.lanes):
            lanes.create_task(_lane(town, replace(options, outage_at=math.inf), story, number))
    town.closing.set()
    await _served(customers, story)
    await _settle(town, story)
    watching.cancel()
    town.witness.follow()


async def _served(customers: Sequence["asyncio.Task[None]"], story: Story) -> None:
    """Everybody has what he came for. Whoever waits in vain is told of with where he waits."""
    await asyncio.wait(customers, timeout=LAST)
    for customer in customers:
        if not customer.done():
            story.violations.append(f"a customer waits in vain: {' > '.join(_where(customer))}")
        elif error := customer.exception():
            story.violations.append("".join(traceback.format_exception(error)))
        customer.cancel()


def _where(task: "asyncio.Task[None]") -> Iterator[str]:
    """Down to what it waits for."""
    waits: object = task.get_coro()
    while frame := getattr(waits, "cr_frame", None) or getattr(waits, "ag_frame", None):
        yield f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        waits = getattr(waits, "cr_await", None) or getattr(waits, "ag_await", None)
    yield repr(waits)


async def _watch(town: Town) -> None:
    while True:
        town.witness.follow()
        await asyncio.sleep(0.03)


async def _settle(town: Town, story: Story) -> None:
    """All that was promised comes to its end."""

    async def over() -> bool:
        return not await _unfinished(town)

    try:
        await eventually(over, "all jobs are over", LAST)
    except TimeoutError:
        story.violations.append(f"not over {LAST:.0f} s after the last fault: {await _unfinished(town)}")


async def _unfinished(town: Town) -> Sequence[str]:
    """Promised jobs that are not over, or not there at all."""
    jobs = list(town.ledger.promises)
    found = []
    for first in range(0, len(jobs), 100):
        page = jobs[first : first + 100]
        found += await town.ask(lambda client, page=page: client.jobs(page))  # type: ignore[misc]
    gone = town.ledger.promises.keys() - {view.job for view in found}
    live = [f"{view.job} {view.name} {view.state}" for view in found if view.state not in FINAL_STATES]
    return [*(f"{job} is not there" for job in gone), *live]


# ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _lane(town: Town, options: Options, story: Story, number: int) -> None:
    random = Random(f"{options.seed}/{number}")
    bag = [(on, fault) for on, faults in FAULTS.items() for fault in faults if options.only in fault.__name__]
    if tracer.missing():
        bag = [(on, fault) for on, fault in bag if fault not in TRACED]
    assert bag, f"no fault has {options.only!r} in its name"
    while True:
        random.shuffle(bag)
        for on, fault in bag:
            if _enough(options, story):
                return
            if story.seconds_so_far > options.outage_at:
                options, on, fault = replace(options, outage_at=math.inf), On.ALL, server_away_a_minute
            await _strike(town, story, on, fault, random)


def _enough(options: Options, story: Story) -> bool:
    passed = story.seconds_so_far
    return passed >= options.seconds and (story.faults >= options.faults or passed >= 2 * options.seconds)


async def _strike(town: Town, story: Story, on: On, fault: Fault, random: Random) -> None:
    charge = _victim(town.cluster, on, random)
    if charge is None:
        return
    scene = Scene(cluster=town.cluster, charge=charge, random=random, points=story.points)
    name = f"{on}: {fault.__name__.replace('_', ' ')}"
    async with AsyncExitStack() as stack:
        everybody = (town.cluster.charge, *town.cluster.hosts.values(), town.cluster.customer)
        for each in everybody if on is On.ALL else (charge,):
            await stack.enter_async_context(each.free)
        story.tell(f"{charge.name}: {name}")
        try:
            await fault(scene)
        except (NotMet, ProcessLookupError):
            story.not_met[name] += 1
            story.tell(f"{charge.name}: {name}: nothing to hit")
            return
        story.tell(f"{charge.name}: {name}: over")
        try:
            async with asyncio.timeout(PATIENCE):
                story.recoveries[name].append(
                    await _recovery(town, charge.name if charge.name in town.cluster.hosts else "")
                )
        except TimeoutError:
            story.violations.append(f"{PATIENCE:.0f} s after {name} on {charge.name} nothing ran there")
        story.tell(f"{charge.name}: {name}: mended")


def _victim(cluster: Cluster, on: On, random: Random) -> Charge | None:
    hosts = list(cluster.hosts.values())
    if on in (On.SERVER, On.ALL):
        return cluster.charge
    if on is On.CLIENT:
        return cluster.customer
    if on is On.NETWORK:
        hosts = [host for host in hosts if not isinstance(host.link, Straight)]
    if on is On.PROXY:
        hosts = [host for host in hosts if isinstance(host.link, Proxied)]
    return random.choice(hosts) if hosts else None


async def _recovery(town: Town, host: str) -> float:
    """Seconds until a task that is submitted now has run where the fault was."""
    began = time.monotonic()  # noqa: TID251
    await town.over(await town.submit("canary", canary(host)))
    return time.monotonic() - began  # noqa: TID251


async def _bury(cluster: Cluster) -> None:
    with suppress(TimeoutError):
        await cluster.close()
    for process in processes.leftovers(cluster.home):
        kill(process.pid)
    if cluster.charge.disk is not None:  # for whoever wants to know more than the report says
        shutil.copytree(cluster.charge.disk.directory, cluster.home / "server-kept", ignore=lambda *_: {"ballast"})
    cluster.unmount()
