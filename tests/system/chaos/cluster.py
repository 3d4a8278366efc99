"""A fleet that somebody keeps alive: whatever dies is started again, as a service manager would."""

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from paceline.config import ClientOptions, ServerOptions, Tls, WorkerOptions
from paceline.model.errors import PacelineError
from paceline.model.views import WorkerView
from paceline.sdk.client import Client
from tests.system.chaos.disks import Disk
from tests.system.chaos.links import Cabled, Proxied, Straight, certificate
from tests.system.conftest import Fleet, Process

RESTART = 0.1
"""Seconds until somebody who died is started again."""
PATIENCE = 60.0
"""Seconds for anything to come up, to end, or to work again."""

RESERVE = "16MiB"
"""Of a small disk."""

Link: TypeAlias = Straight | Proxied | Cabled


@dataclass(slots=True, eq=False, kw_only=True)
class Charge:
    """A process that is to be kept alive."""

    name: str
    words: Sequence[str] = ()
    prefix: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    process: "Process | None" = None
    wanted: asyncio.Event = field(default_factory=asyncio.Event)  # clear: it is to stay away
    free: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by the fault that is upon it
    disk: Disk | None = None  # where it keeps its files
    starts: int = 0
    falls: list[int] = field(default_factory=list)  # exit codes

    @property
    def pid(self) -> int:
        """0: it does not run."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0


@dataclass(slots=True, eq=False, kw_only=True)
class Host(Charge):
    """A worker's agent, and how it reaches the server."""

    link: Link
    helpless: list[tuple[float, float]] = field(default_factory=list)  # when nobody could end its tasks, by uptime


class Cluster(Fleet):
    """A server, and workers that reach it on different ways."""

    def __init__(self, home: Path, *, beat: float = 5.0, lease: float = 20.0, cpus: int = 8) -> None:
        super().__init__(home)
        self.beat, self.lease, self._cpus = beat, lease, cpus
        self.port = _free_port()
        self.hosts: dict[str, Host] = {}
        self.charge = Charge(name="server")
        self.customer = Host(name="customer", link=Proxied(self.port))  # no process: the way to the server of one
        self._tls = Tls()
        self._mounts = False
        self._tending: list[asyncio.Task[None]] = []

    # ── up and down ──────────────────────────────────────────────────────────────────────────────────────────────

    async def open(self, links: Mapping[str, Link]) -> None:
        """Returns once all workers are ready."""
        self._encrypt([link for link in links.values() if isinstance(link, Cabled)])
        self.charge.words = self._server_words()
        self._keep(self.charge)
        await eventually(self.answers, "the server answers")
        await self.customer.link.open()
        for name, link in links.items():
            await link.open()
            self.hosts[name] = host = await self._host(name, link)
            self._keep(host)
        await eventually(self.all_ready, "all workers are ready")

    def mount(self) -> None:
        """Server and workers get a disk each. Before ``open``."""
        self._mounts = True
        self.charge.disk = Disk(ServerOptions(home=self.home).directory)

    def unmount(self) -> None:
        """Once nothing runs any more; what was on the disks is gone."""
        for charge in (self.charge, *self.hosts.values()):
            if charge.disk is not None:
                charge.disk.remove()

    async def close(self) -> None:
        """All workers leave in good order, then the server."""
        for host in self.hosts.values():
            await self.end(host)
        await self.end(self.charge)
        for task in self._tending:
            task.cancel()
        for host in (*self.hosts.values(), self.customer):
            await host.link.close()

    async def end(self, charge: Charge) -> None:
        """As an operator does it, and for good."""
        charge.wanted.clear()
        if charge.process is not None and charge.pid:
            charge.process.send_signal(signal.SIGTERM)
            await eventually(charge_is_gone(charge), f"{charge.name} leaves when told")

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def options(self) -> ClientOptions:
        """At a fixed address: what the server says of itself is not there yet while it starts."""
        here = ServerOptions(home=self.home)
        token = here.admin_token.read_text().strip() if here.admin_token.exists() else ""
        return ClientOptions(address=f"127.0.0.1:{self.port}", token=token, tls=self._tls)

    @property
    def far_options(self) -> ClientOptions:
        """The same, through a proxy."""
        return replace(self.options, address=self.customer.link.address)

    def client(self) -> Client:
        return Client(self.options)

    async def answers(self) -> bool:
        """The server does."""
        with suppress(PacelineError):
            async with self.client() as client:
                await client.info()
                return True
        return False

    async def views(self) -> Sequence[WorkerView]:
        """All workers, if the server answers."""
        with suppress(PacelineError):
            async with self.client() as client:
                return await client.workers()
        return ()

    async def all_ready(self) -> bool:
        """Every worker is at work."""
        return {view.name for view in await self.views() if view.state == "READY"} >= self.hosts.keys()

    # ── keeping alive ────────────────────────────────────────────────────────────────────────────────────────────

    def _keep(self, charge: Charge) -> None:
        charge.wanted.set()
        self._tending.append(asyncio.create_task(self._tend(charge)))

    async def _tend(self, charge: Charge) -> None:
        while await charge.wanted.wait():
            charge.process = self._run(charge.name, *charge.words, prefix=charge.prefix, **charge.env)
            charge.starts += 1
            while charge.process.poll() is None:  # noqa: ASYNC110 - a process is no event
                await asyncio.sleep(0.02)
            charge.falls.append(charge.process.returncode)
            await asyncio.sleep(RESTART)

    def _encrypt(self, cables: Sequence[Cabled]) -> None:
        """Beyond this machine nothing travels in clear; a cable's other end is beyond it."""
        if cables:
            cert = certificate(self.home, ["127.0.0.1", *(link.ours for link in cables)])
            self._tls = Tls(ca=str(cert))

    def _server_words(self) -> Sequence[str]:
        words = ["server", "--port", str(self.port), "--beat", f"{self.beat}s", "--lease", f"{self.lease}s"]
        words += ["--reserve", RESERVE] if self._mounts else []
        if self._tls.ca:
            key = str(Path(self._tls.ca).with_name("key.pem"))
            words += ["--host", "0.0.0.0", "--tls-cert", self._tls.ca, "--tls-key", key]
        return words

    async def _host(self, name: str, link: Link) -> Host:
        words = ["worker", "--name", name, "--cpus", str(self._cpus), "--server", link.address]
        words += ["--label", f"host={name}", *(["--tls-ca", self._tls.ca] if self._tls.ca else [])]
        words += ["--reserve", RESERVE] if self._mounts else []
        async with self.client() as client:
            token = await client.create_token("join", name, ttl=PATIENCE)
        disk = Disk(WorkerOptions(server="", name=name, home=self.home).directory) if self._mounts else None
        env = {"PACELINE_JOIN_TOKEN": token.token}
        return Host(name=name, words=words, prefix=link.prefix, link=link, env=env, disk=disk)


def charge_is_gone(charge: Charge) -> Callable[[], Awaitable[bool]]:
    async def gone() -> bool:
        return not charge.pid

    return gone


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, patience: float = PATIENCE) -> float:
    """Seconds until it holds. Raises TimeoutError naming what did not."""
    began = time.monotonic()  # noqa: TID251 - real processes keep real time
    while not await condition():
        if time.monotonic() - began > patience:  # noqa: TID251
            raise TimeoutError(f"waited {patience:.0f} s in vain: {what}")
        await asyncio.sleep(0.02)
    return time.monotonic() - began  # noqa: TID251


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
