"""Ctrl-C on attached work: once lets go of it, twice cancels it."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from paceline.cli.exits import INTERRUPTED

T = TypeVar("T")

SECOND_CHANCE = 2.0
"""Seconds in which a second Ctrl-C still cancels."""


async def attended(
    work: Coroutine[object, object, int], *, let_go: Callable[[], None], cancel: Callable[[], Awaitable[None]]
) -> int:
    """The work's exit code; 130 once it was let go or cancelled."""
    interrupts: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interrupts.put_nowait, signal.SIGINT)
    try:
        task = asyncio.ensure_future(work)
        if await _first(task, interrupts):
            return task.result()
        task.cancel()
        await asyncio.wait({task})
        let_go()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(interrupts.get(), SECOND_CHANCE)
            await cancel()
        return INTERRUPTED
    finally:
        loop.remove_signal_handler(signal.SIGINT)


async def _first(work: asyncio.Future[int], interrupts: asyncio.Queue[int]) -> bool:
    """Whether the work was over before an interrupt came."""
    interrupt = asyncio.ensure_future(interrupts.get())
    await asyncio.wait({work, interrupt}, return_when=asyncio.FIRST_COMPLETED)
    interrupt.cancel()
    return work.done()
