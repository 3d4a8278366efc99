"""The one bridge between blocking code and the event loop.

The SDK is written once, for asyncio. Whoever wants to block asks the bridge to run the same coroutine in a loop that
lives in a daemon thread of its own, one for the whole process. gRPC does not survive a fork, so neither does the
bridge: a forked child is told so instead of hanging.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class Bridge:
    """A way into an event loop from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._pid = os.getpid()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result. An interrupt here cancels it there."""
        try:
            self._check_caller()
        except RuntimeError:
            coroutine.close()
            raise
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """The same items, one by one. Leaving early closes the source."""
        try:
            while True:
                try:
                    yield self.run(_next(items))
                except StopAsyncIteration:
                    return
        finally:
            self.run(_close(items))

    def post(self, callback: Callable[[], object]) -> None:
        """Have the loop call this soon; do not wait."""
        if os.getpid() != self._pid:
            raise RuntimeError(_FORKED)
        self.loop.call_soon_threadsafe(callback)

    def _check_caller(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError(_FORKED)
        if _running_loop() is self.loop:
            raise RuntimeError("this would wait for itself: it was called in the thread that would have to do the work")


_FORKED = (
    "this process was forked from one that was already connected to Paceline; "
    "start it with the 'spawn' method, or connect in the child only"
)


class _Shared:
    """The process's own loop thread, made when first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bridge: Bridge | None = None

    def get(self) -> Bridge:
        with self._lock:
            if self._bridge is None:
                self._bridge = self._start()
            return self._bridge

    def _start(self) -> Bridge:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="paceline", daemon=True)
        thread.start()
        atexit.register(self._stop, loop, thread)
        return Bridge(loop)

    def _stop(self, loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
        with self._lock:
            bridge, self._bridge = self._bridge, None
        if bridge is None or not thread.is_alive():  # not alive: this is a forked child
            return
        bridge.run(_cancel_rest())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        if not thread.is_alive():
            loop.close()


_SHARED = _Shared()


def bridge() -> Bridge:
    """The process's bridge."""
    return _SHARED.get()


async def _next(items: AsyncIterator[T]) -> T:
    return await anext(items)


async def _close(items: AsyncIterator[Any]) -> None:
    close = getattr(items, "aclose", None)
    if close is not None:
        await close()


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.wait(rest, timeout=2) if rest else None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
