"""Doing the checks: side by side, each within its time, and none the worse for what another one meets."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from paceline.cli.doctor.aside import aside
from paceline.cli.doctor.finding import Finding, problem
from paceline.cli.doctor.surroundings import Surroundings
from paceline.cli.doctor.visit import Asked, visiting
from paceline.model.errors import PacelineError

LIMIT = 8.0
"""Seconds that one check may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A check of this machine. ``look`` may block."""

    name: str
    group: str
    look: Callable[[Surroundings], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A check that asks the server, or wants to know why it cannot. ``look`` must not block."""

    name: str
    group: str
    look: Asked


Check: TypeAlias = Local | Remote


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a check found."""

    check: Check
    findings: Sequence[Finding]


async def examine(around: Surroundings, checks: Sequence[Check], limit: float = LIMIT) -> Sequence[Result]:
    """All of them, in their order."""
    doing = {
        check.name: asyncio.create_task(_findings(_look(check, around), limit))
        for check in checks
        if isinstance(check, Local)
    }
    async with visiting(around) as answer:
        doing |= {
            check.name: asyncio.create_task(_findings(check.look(around, answer), limit))
            for check in checks
            if isinstance(check, Remote)
        }
        return [Result(check=check, findings=await doing[check.name]) for check in checks]


async def _findings(look: Awaitable[Iterable[Finding]], limit: float) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(limit):
            return [*await look]
    except TimeoutError:
        return [problem(f"took longer than {limit:g} s", "look at what it looks at: a disk or a driver may hang")]
    except PacelineError as error:
        return [problem(error.message, error.hint)]
    except Exception as error:  # noqa: BLE001 - what one check fails at must not hide what the others find
        return [problem(f"could not be looked at: {error!r}", "see the message; if it makes no sense, report it")]


def _look(check: Local, around: Surroundings) -> Awaitable[Sequence[Finding]]:
    return aside(lambda: [*check.look(around)])
