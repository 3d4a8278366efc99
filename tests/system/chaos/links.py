"""How a worker reaches the server, and how that goes wrong: straight, through our proxy, or over a cable of its own."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.proxy import Proxy

WRONG = "02:00:00:00:00:99"
"""A hardware address that nobody has: frames sent there vanish without a word."""


class Straight:
    """To the server's own address. On one machine nothing can be between the two."""

    prefix: Sequence[str] = ()

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"

    async def open(self) -> None: ...

    async def close(self) -> None: ...


class Proxied:
    """Through ``tests/proxy.py``: what a network does to a connection, without its kernel."""

    prefix: Sequence[str] = ()

    def __init__(self, port: int) -> None:
        self.proxy = Proxy(("127.0.0.1", port))

    @property
    def address(self) -> str:
        return self.proxy.address

    async def open(self) -> None:
        await self.proxy.listen()

    async def partition(self, *directions: str) -> None:
        """ "up", "down", or both: silence, and nobody is told."""
        self.proxy.partition(*directions)

    async def heal(self) -> None:
        self.proxy.delay = self.proxy.bandwidth = 0.0
        self.proxy.heal()

    async def close(self) -> None:
        await self.heal()
        await self.proxy.close()


class Cabled:
    """A network namespace as the worker's host, and a veth pair as its cable. Needs root; see ``possible``."""

    def __init__(self, port: int, number: int) -> None:
        pid = os.getpid()
        self.space = f"paceline-{pid}-{number}"
        self.here, self.there = f"pl{pid}h{number}", f"pl{pid}w{number}"
        net = f"10.{200 + number}.{pid // 64 % 256}.{pid % 64 * 4}"
        base, last = net.rsplit(".", 1)
        self.ours, self.theirs = f"{base}.{int(last) + 1}", f"{base}.{int(last) + 2}"
        self.address = f"{self.ours}:{port}"
        self.prefix = ("nsenter", f"--net=/run/netns/{self.space}")

    @staticmethod
    def possible() -> str:
        """Why not; empty: it is."""
        if missing := [tool for tool in ("ip", "nsenter", "openssl") if shutil.which(tool) is None]:
            return f"{', '.join(missing)} missing"
        name = f"paceline-{os.getpid()}-probe"
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False, text=True)
        if made.returncode:
            return made.stderr.strip()
        subprocess.run(["ip", "netns", "del", name], check=True)
        return ""

    async def open(self) -> None:
        for words in (
            f"netns add {self.space}",
            f"link add {self.here} type veth peer name {self.there} netns {self.space}",
            f"addr add {self.ours}/30 dev {self.here}",
            f"link set {self.here} up",
            f"-n {self.space} addr add {self.theirs}/30 dev {self.there}",
            f"-n {self.space} link set lo up",
            f"-n {self.space} link set {self.there} up",
        ):
            await ip(words)

    async def partition(self, *directions: str) -> None:
        """Both: the cable is pulled out. One: frames of that direction go to a hardware address that nobody has."""
        if set(directions or ("up", "down")) == {"up", "down"}:
            await ip(f"link set {self.here} down")
        elif "down" in directions:
            await ip(f"neigh replace {self.theirs} lladdr {WRONG} dev {self.here} nud permanent")
        else:
            await ip(f"-n {self.space} neigh replace {self.ours} lladdr {WRONG} dev {self.there} nud permanent")

    async def heal(self) -> None:
        await ip(f"link set {self.here} up")
        await ip(f"neigh del {self.theirs} dev {self.here}", check=False)
        await ip(f"-n {self.space} neigh del {self.ours} dev {self.there}", check=False)

    async def close(self) -> None:
        await ip(f"netns del {self.space}", check=False)
        await ip(f"link del {self.here}", check=False)


async def ip(words: str, *, check: bool = True) -> None:
    """Run ``ip``. Raises RuntimeError with its words."""
    process = await asyncio.create_subprocess_exec(
        "ip", *words.split(), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    _, said = await process.communicate()
    if check and process.returncode:
        raise RuntimeError(f"ip {words}: {said.decode().strip()}")


def certificate(directory: Path, addresses: Sequence[str]) -> Path:
    """A self-signed certificate for these addresses, with ``key.pem`` beside it: beyond one machine all is TLS."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    names = ",".join(f"IP:{address}" for address in addresses)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-days", "2", "-subj", "/CN=paceline-chaos", "-addext", f"subjectAltName={names}"]
        + ["-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return cert
