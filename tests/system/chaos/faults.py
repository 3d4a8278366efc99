"""What is done to a cluster. A fault returns when it is over; what it broke must then mend by itself.

One that holds for a while holds for less than the lease (*brief*) or for more (*long*): below, work goes on as if
nothing had been; above, the worker must have ended all it ran before anybody else began it.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import TypeAlias

from tests.system.chaos import processes, tracer
from tests.system.chaos.cluster import Charge, Cluster, Host, eventually
from tests.system.chaos.links import Cabled, Proxied
from tests.system.chaos.witness import uptime


class NotMet(Exception):
    """There was nothing to do it to, or it was not reached; it does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a fault happens. ``charge`` is the server's for faults that hit no worker."""

    cluster: Cluster
    charge: Charge
    random: Random
    points: Counter[str]  # system calls at which somebody died

    @property
    def host(self) -> Host:
        assert isinstance(self.charge, Host)
        return self.charge

    @property
    def brief(self) -> float:
        return self.cluster.lease * self.random.uniform(0.1, 0.6)

    @property
    def long(self) -> float:
        return self.cluster.lease * self.random.uniform(1.2, 1.6)

    @property
    def agent(self) -> int:
        return _there(self.charge.pid)

    server = agent

    @property
    def supervisor(self) -> int:
        return _there(processes.supervisor(self.cluster.home, self.charge.name))

    def store(self, role: str) -> int:
        return _there(processes.store_process(self.server, role))


def _there(pid: int) -> int:
    if not pid:
        raise NotMet
    return pid


def kill(pid: int) -> None:
    """No last words."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


# ── kill -9 ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def kill_server(scene: Scene) -> None:
    kill(scene.server)


async def kill_keeper(scene: Scene) -> None:
    kill(scene.store("keep"))


async def kill_reader(scene: Scene) -> None:
    kill(scene.store("read"))


async def kill_agent(scene: Scene) -> None:
    kill(scene.agent)


async def kill_supervisor(scene: Scene) -> None:
    async with _bereft(scene):
        kill(scene.supervisor)


async def kill_guard(scene: Scene) -> None:
    """The supervisor goes on without one."""
    kill(_there(processes.guard(scene.supervisor)))


async def kill_worker(scene: Scene) -> None:
    """Agent and supervisor: the guard ends what they ran."""
    supervisor, agent = scene.supervisor, scene.agent
    async with _bereft(scene):
        kill(supervisor)
        kill(agent)


async def kill_host(scene: Scene) -> None:
    """Guard and all: what they ran is without anybody until the next start sweeps it away."""
    agent, supervisor = scene.agent, scene.supervisor
    async with _helpless(scene.host):
        for pid in (processes.guard(supervisor), supervisor, agent):
            kill(pid) if pid else None
        await eventually(lambda: _has_supervisor(scene), f"{scene.charge.name} has a supervisor again")


async def _has_supervisor(scene: Scene) -> bool:
    return _runs(scene, scene.host)


async def kill_pool_process(scene: Scene) -> None:
    kill(_one(scene, processes.pool_processes(scene.supervisor)))


async def kill_command(scene: Scene) -> None:
    kill(_one(scene, processes.commands(scene.supervisor)))


async def kill_all(scene: Scene) -> None:
    """Of Paceline, at once."""
    hosts = [replace(scene, charge=host) for host in scene.cluster.hosts.values() if _runs(scene, host)]
    supervisors = [each.supervisor for each in hosts]
    async with AsyncExitStack() as stack:
        for each in hosts:
            await stack.enter_async_context(_bereft(each))
        for pid in (scene.server, *(host.pid for host in scene.cluster.hosts.values()), *supervisors):
            kill(pid) if pid else None


def _runs(scene: Scene, host: Host) -> bool:
    return processes.supervisor(scene.cluster.home, host.name) > 0


def _one(scene: Scene, pids: list[int]) -> int:
    if not pids:
        raise NotMet
    return scene.random.choice(pids)


# ── at a system call ────────────────────────────────────────────────────────────────────────────────────────────────

SWEEP = 3.0
"""Seconds until what a helpless host left is surely gone."""
SOON = 3.0
"""Seconds within which a process must have come to the point where it is to die."""


async def _die_at(scene: Scene, pid: int, role: str) -> None:
    call = scene.random.choice(tracer.POINTS[role])
    if not await tracer.inject(pid, [call], "signal=KILL", scene.random.randint(1, 8), SOON):
        raise NotMet
    scene.points[f"{role} {call}"] += 1


async def crash_server(scene: Scene) -> None:
    await _die_at(scene, scene.server, "server")


async def crash_keeper(scene: Scene) -> None:
    await _die_at(scene, scene.store("keep"), "keeper")


async def crash_agent(scene: Scene) -> None:
    await _die_at(scene, scene.agent, "agent")


async def crash_supervisor(scene: Scene) -> None:
    async with _bereft(scene):
        await _die_at(scene, scene.supervisor, "supervisor")


async def crash_start(scene: Scene) -> None:
    """Killed, and killed again while it starts: recovery must stand being broken off."""
    charge, before = scene.charge, scene.charge.starts
    prefix = charge.prefix
    call, nth = scene.random.choice(tracer.START_POINTS), scene.random.randint(1, 4)
    log = scene.cluster.home / f"{charge.name}.trace"
    charge.prefix = (*prefix, *tracer.launcher([call], nth, log))
    try:
        kill(_there(charge.pid))
        while charge.starts == before:  # noqa: ASYNC110 - a process is no event
            await asyncio.sleep(0.02)
    finally:
        charge.prefix = prefix
    await asyncio.sleep(SOON)
    tracer.let_go(log)
    if charge.starts > before + 1:
        scene.points[f"start of {'worker' if isinstance(charge, Host) else 'server'} {call}"] += 1
    kill(_there(charge.pid)) if charge.starts == before + 1 else None  # it is past that point: no tracer stays


async def failing_disk(scene: Scene) -> None:
    """What was written may be gone then, and nobody would ever say so: the server ends, and the next one looks."""
    nth = scene.random.randint(1, 5)
    if not await tracer.inject(scene.store("keep"), ["fdatasync", "fsync"], "error=EIO", f"{nth}+", SOON):
        raise NotMet


async def slow_disk(scene: Scene) -> None:
    """Every commit takes a fifth of a second more."""
    await tracer.inject(scene.store("keep"), ["fdatasync", "fsync"], "delay_enter=200000", "1+", scene.brief)


# ── a full disk ─────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _full(scene: Scene, leave: int) -> Iterator[None]:
    if scene.charge.disk is None:
        raise NotMet
    scene.charge.disk.fill(leave=leave)
    try:
        yield
    finally:
        scene.charge.disk.empty()


async def full_disk(scene: Scene) -> None:
    """To the last byte, while all is at work."""
    with _full(scene, 0):
        await asyncio.sleep(scene.random.choice((scene.brief, scene.long)))


async def short_disk(scene: Scene) -> None:
    """Less than what server and workers want to keep free, and still some."""
    with _full(scene, 4 << 20):
        await asyncio.sleep(scene.long)


async def kill_on_full_disk(scene: Scene) -> None:
    """It must come up again on a disk to which it can add nothing."""
    with _full(scene, 0):
        await asyncio.sleep(scene.random.uniform(0.0, 1.0))
        kill(scene.charge.pid)
        await asyncio.sleep(scene.long)


# ── standing still ──────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _frozen(*pids: int) -> AsyncIterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def _helpless(host: Host) -> AsyncIterator[None]:
    """Nobody on the host can end its tasks meanwhile, so others of the same may begin elsewhere."""
    since = uptime()
    host.helpless.append((since, float("inf")))
    try:
        yield
    finally:
        host.helpless[-1] = (since, uptime() + SWEEP)


@asynccontextmanager
async def _bereft(scene: Scene) -> AsyncIterator[None]:
    """The supervisor dies. If its guard did so before it, what it ran is without anybody until the next one sweeps."""
    if processes.guard(scene.supervisor):
        yield
        return
    async with _helpless(scene.host):
        yield
        await eventually(lambda: _has_supervisor(scene), f"{scene.charge.name} has a supervisor again")


async def stop_server(scene: Scene) -> None:
    async with _frozen(scene.server):
        await asyncio.sleep(scene.brief)


async def stop_server_long(scene: Scene) -> None:
    async with _frozen(scene.server):
        await asyncio.sleep(scene.long)


async def stop_keeper(scene: Scene) -> None:
    async with _frozen(scene.store("keep")):
        await asyncio.sleep(scene.brief)


async def stop_agent(scene: Scene) -> None:
    async with _frozen(scene.agent):
        await asyncio.sleep(scene.brief)


async def stop_agent_long(scene: Scene) -> None:
    """The supervisor ends what runs, by its own clock."""
    async with _frozen(scene.agent):
        await asyncio.sleep(scene.long)


async def stop_supervisor(scene: Scene) -> None:
    """For long: its tasks run on, and nobody can end them. Only what they report is refused."""
    async with _helpless(scene.host), _frozen(scene.supervisor, scene.agent):
        await asyncio.sleep(scene.long)


# ── the network ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def _cut_off(scene: Scene, seconds: float, *directions: str) -> None:
    link = scene.host.link
    assert isinstance(link, Proxied | Cabled)
    await link.partition(*directions)
    try:
        await asyncio.sleep(seconds)
    finally:
        await link.heal()


async def partition_brief(scene: Scene) -> None:
    await _cut_off(scene, scene.brief)


async def partition(scene: Scene) -> None:
    await _cut_off(scene, scene.long)


async def deaf_to_server(scene: Scene) -> None:
    await _cut_off(scene, scene.long, "down")


async def unheard_by_server(scene: Scene) -> None:
    await _cut_off(scene, scene.long, "up")


async def half_open(scene: Scene) -> None:
    """The server's end of the connection is gone, and the worker is not told."""
    link = _proxied(scene)
    link.proxy.partition()
    await link.proxy.abort()
    await asyncio.sleep(scene.random.choice((scene.brief, scene.long)))
    await link.heal()


async def reset(scene: Scene) -> None:
    await _proxied(scene).proxy.reset()


async def hang_up(scene: Scene) -> None:
    await _proxied(scene).proxy.cut()


async def slow_link(scene: Scene) -> None:
    link = _proxied(scene)
    link.proxy.delay = 0.05
    await asyncio.sleep(scene.long)
    await link.heal()


async def narrow_link(scene: Scene) -> None:
    link = _proxied(scene)
    link.proxy.bandwidth = 30_000
    await asyncio.sleep(scene.long)
    await link.heal()


def _proxied(scene: Scene) -> Proxied:
    if not isinstance(scene.host.link, Proxied):
        raise NotMet
    return scene.host.link


# ── gone for a while ────────────────────────────────────────────────────────────────────────────────────────────────


async def _away(scene: Scene, seconds: float) -> None:
    scene.charge.wanted.clear()
    kill(scene.charge.pid)
    await asyncio.sleep(seconds)
    scene.charge.wanted.set()


async def server_away(scene: Scene) -> None:
    await _away(scene, scene.long)


async def agent_away(scene: Scene) -> None:
    """Longer than the lease: its supervisor ends what runs."""
    await _away(scene, scene.long)


async def server_away_a_minute(scene: Scene) -> None:
    """And nothing else meanwhile."""
    await _away(scene, 60.0)


async def restart_server(scene: Scene) -> None:
    """As an operator does it."""
    os.kill(scene.server, signal.SIGTERM)


# ── all of them ─────────────────────────────────────────────────────────────────────────────────────────────────────

Fault: TypeAlias = Callable[[Scene], Awaitable[None]]


class On(StrEnum):
    """Whom a fault hits."""

    SERVER = "server"
    WORKER = "worker"
    NETWORK = "network"  # of a worker whose link can be broken
    CLIENT = "client"  # one that reaches the server through a proxy
    PROXY = "proxy"  # of a worker whose link is our proxy
    ALL = "all"


FAULTS: Mapping[On, tuple[Fault, ...]] = {
    On.SERVER: (kill_server, kill_keeper, kill_reader, stop_server, stop_server_long, stop_keeper, server_away)
    + (
        restart_server,
        crash_start,
        crash_server,
        crash_keeper,
        failing_disk,
        slow_disk,
        full_disk,
        short_disk,
        kill_on_full_disk,
    ),
    On.WORKER: (kill_agent, kill_supervisor, kill_guard, kill_worker, kill_host, kill_pool_process, kill_command)
    + (stop_agent, stop_agent_long, stop_supervisor, agent_away, crash_agent, crash_supervisor, crash_start)
    + (full_disk, short_disk, kill_on_full_disk),
    On.NETWORK: (partition_brief, partition, deaf_to_server, unheard_by_server),
    On.PROXY: (half_open, reset, hang_up, slow_link, narrow_link),
    On.CLIENT: (partition, deaf_to_server, unheard_by_server, half_open, reset, hang_up),
    On.ALL: (kill_all,),
}

TRACED: Sequence[Fault] = (crash_server, crash_keeper, crash_agent, crash_supervisor, crash_start) + (
    failing_disk,
    slow_disk,
)
"""Those that need ``tracer``."""
