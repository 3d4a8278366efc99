"""Blocking work beside the event loop, in threads that nobody waits for: what hangs in the kernel hangs for good."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def aside(work: Callable[[], T]) -> Awaitable[T]:
    """What comes of it. Giving up waiting leaves it to itself."""
    outcome: Future[T] = Future()
    threading.Thread(target=_do, args=(work, outcome), daemon=True).start()
    return asyncio.wrap_future(outcome)


def _do(work: Callable[[], T], outcome: Future[T]) -> None:
    outcome.set_running_or_notify_cancel()  # from here on nobody can take it away from us
    try:
        outcome.set_result(work())
    except Exception as error:  # noqa: BLE001 - raised again where it is waited for
        outcome.set_exception(error)
