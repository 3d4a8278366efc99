"""What runs beside the loop for as long as it does. If one of them fails, all is over."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Parts:
    """``failed`` hears of the first error, and of any after it."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, part: Coroutine[Any, Any, None]) -> None:
        """From now on it runs too."""
        task = asyncio.get_running_loop().create_task(part)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._failed(error)

    async def end(self) -> None:
        """None of them goes on."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
