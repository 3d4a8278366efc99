"""One conversation with the server, which all checks share that need it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TypeAlias

from paceline.cli.doctor.finding import Finding, skipped
from paceline.cli.doctor.surroundings import Surroundings
from paceline.model.errors import PacelineError, Unreachable
from paceline.sdk.client import Client
from paceline.sdk.replies import Info

PATIENCE = 4.0
"""Seconds that a server has to say who it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A server that answered."""

    client: Client
    info: Info
    ahead: float  # seconds by which its clock is before ours, give or take half of the time it took to answer
    took: float


Answer: TypeAlias = Visit | PacelineError
Asked: TypeAlias = Callable[[Surroundings, Answer], Awaitable[Iterable[Finding]]]


@asynccontextmanager
async def visiting(around: Surroundings, patience: float = PATIENCE) -> AsyncIterator[Answer]:
    """What comes of asking the server who it is."""
    try:
        options = around.options
    except PacelineError as error:
        yield error
        return
    async with Client(options, clock=around.clock) as client:
        yield await _introduced(around, client, patience)


async def _introduced(around: Surroundings, client: Client, patience: float) -> Answer:
    before = around.clock.now()
    try:
        async with asyncio.timeout(patience):
            info = await client.info()
    except PacelineError as error:
        return error
    except TimeoutError:
        return Unreachable(f"the server at {client.options.address} says nothing for {patience:g} s")
    after = around.clock.now()
    return Visit(client=client, info=info, ahead=info.now - (before + after) / 2, took=after - before)


def of_visit(look: Callable[[Surroundings, Visit], Awaitable[Iterable[Finding]]]) -> Asked:
    """A check that has nothing to say where no server answers."""

    @wraps(look)
    async def asked(around: Surroundings, answer: Answer) -> Iterable[Finding]:
        if isinstance(answer, PacelineError):
            return [skipped("the server does not answer us")]
        return await look(around, answer)

    return asked
