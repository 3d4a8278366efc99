"""Ctrl-C on attached work: once lets go of it, twice cancels it."""

import asyncio
import signal
from collections.abc import Callable, Coroutine

from paceline.cli.exits import INTERRUPTED

SECOND_CHANCE = 2.0
"""Seconds in which a second Ctrl-C still cancels."""


async def attended(
    work: Coroutine[object, object, int],
    *,
    let_go: Callable[[], None],
    cancel: Callable[[], Coroutine[object, object, int]],
    patience: float = SECOND_CHANCE,
) -> int:
    """The work's exit code; 130 once it was let go or cancelled. A third Ctrl-C does not wait for the cancel."""
    interrupts: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interrupts.put_nowait, signal.SIGINT)
    try:
        if (code := await _unless_interrupted(work, interrupts)) is not None:
            return code
        let_go()
        try:
            await asyncio.wait_for(interrupts.get(), patience)
        except TimeoutError:
            return INTERRUPTED
        await _unless_interrupted(cancel(), interrupts)
        return INTERRUPTED
    finally:
        loop.remove_signal_handler(signal.SIGINT)


async def _unless_interrupted(work: Coroutine[object, object, int], interrupts: asyncio.Queue[int]) -> int | None:
    """The work's exit code; None if an interrupt came first, which ends it."""
    task, interrupt = asyncio.ensure_future(work), asyncio.ensure_future(interrupts.get())
    await asyncio.wait({task, interrupt}, return_when=asyncio.FIRST_COMPLETED)
    interrupt.cancel()
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.wait({task})
    return None
