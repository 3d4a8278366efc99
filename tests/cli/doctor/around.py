"""Surroundings to look at: a home of the test's own, and servers that are there or not."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from paceline.cli.doctor.finding import Finding
from paceline.cli.doctor.surroundings import Server, Surroundings, Token
from paceline.cli.doctor.visit import Asked, visiting
from paceline.clock import Clock, SystemClock
from paceline.config import Tls
from tests.server.conftest import Served, serving

Before: TypeAlias = Callable[[Served], Awaitable[object]]
LOCAL = "127.0.0.1"


def near(
    home: Path, port: int = 1, *, host: str = LOCAL, token: str = "pl_admin_x", tls: Tls | None = None
) -> Surroundings:
    """A server that is said to be there."""
    return Surroundings(
        clock=SystemClock(),
        home=home,
        server=Server(address=f"{host}:{port}", source="--server"),
        token=Token(text=token, source="PACELINE_TOKEN"),
        tls=tls or Tls(),
    )


def told(findings: Iterable[Finding]) -> Sequence[tuple[str, str]]:
    """States and sentences."""
    return [(each.state.value, each.finding) for each in findings]


def asked(around: Surroundings, *checks: Asked, patience: float = 2.0) -> list[Finding]:
    """What these find of a server that is there, or is not."""

    async def ask() -> list[Finding]:
        async with visiting(around, patience) as answer:
            return [finding for check in checks for finding in await check(around, answer)]

    return asyncio.run(ask())


async def _nothing(server: Served) -> None:
    pass


def served(home: Path, *checks: Asked, clock: Clock | None = None, before: Before = _nothing) -> list[Finding]:
    """What these find of a server whose clock this is, once ``before`` has been done there."""

    async def ask() -> list[Finding]:
        async with serving(home, clock) as server:
            await before(server)
            around = near(home, int(server.address.rpartition(":")[2]), token=server.admin)
            async with visiting(around) as answer:
                return [finding for check in checks for finding in await check(around, answer)]

    return asyncio.run(ask())


def free_port() -> int:
    """One that nobody listens at any more."""
    with socket.create_server((LOCAL, 0)) as server:
        port: int = server.getsockname()[1]
    return port
