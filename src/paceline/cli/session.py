"""Asking the server. gRPC is loaded here, and only when a command really asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from paceline.cli.face import Face
from paceline.config import ClientOptions, ServerOptions

if TYPE_CHECKING:
    from paceline.sdk.client import Client

T = TypeVar("T")


def ask(face: Face, question: Callable[[Client], Awaitable[T]]) -> T:
    """Connect, ask, hang up; the answer. Raises whatever PacelineError the question meets."""
    from paceline.sdk.connect import find  # noqa: PLC0415 - gRPC: 150 ms that --help need not pay

    return asyncio.run(_conversation(find(face.server), question))


def ask_home(home: Path, question: Callable[[Client], Awaitable[T]]) -> T:
    """The same of the server that runs from a home, as its administrator."""
    from paceline.sdk.connect import local  # noqa: PLC0415 - as above

    return asyncio.run(_conversation(local(ServerOptions(home=home)), question))


async def _conversation(options: ClientOptions, question: Callable[[Client], Awaitable[T]]) -> T:
    from paceline.sdk.client import Client  # noqa: PLC0415 - as above

    async with Client(options) as client:
        return await question(client)
