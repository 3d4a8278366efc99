"""Asking the server. gRPC is loaded here, and only when a command really asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from paceline.cli.face import Face

if TYPE_CHECKING:
    from paceline.sdk.client import Client

T = TypeVar("T")


def ask(face: Face, question: Callable[[Client], Awaitable[T]]) -> T:
    """Connect, ask, hang up; the answer. Raises whatever PacelineError the question meets."""
    from paceline.sdk.client import Client  # noqa: PLC0415 - gRPC: 150 ms that --help need not pay
    from paceline.sdk.connect import find  # noqa: PLC0415 - as its client

    async def conversation() -> T:
        async with Client(find(face.server)) as client:
            return await question(client)

    return asyncio.run(conversation())
