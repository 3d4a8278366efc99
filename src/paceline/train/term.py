"""SIGTERM as a flag. Whoever listens is not ended by it, and has the grace of his job to end by himself.

Nobody who does not look at the flag may lose the default, under which TERM ends a program at once: hence nothing is
installed before it is asked for, and a warm process lets go of it between two tasks.
"""

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import TypeAlias

Handler: TypeAlias = "Callable[[int, FrameType | None], object] | int | None"


class _Term:
    """What this process has heard."""

    came = False
    listener = 0  # the process that listens: a fork of it has the handler, too, but nobody who looks
    before: Handler = signal.SIG_DFL  # whose turn it was


def listen() -> None:
    """From here on TERM only sets the flag; a handler that the program has installed itself is called as well.

    Only the main thread can do this; in any other, nothing happens.
    """
    if _Term.listener == os.getpid():
        return
    try:
        before = signal.signal(signal.SIGTERM, _hear)
    except ValueError:  # not the main thread
        return
    _Term.before = before if before is not _hear else _Term.before
    _Term.listener = os.getpid()


def asked() -> bool:
    """Whether TERM came since somebody listens."""
    return _Term.came


def mark() -> None:
    """As if it had come."""
    _Term.came = True


def forget() -> None:
    """As if nobody had ever listened."""
    _Term.came = False
    if _Term.listener == os.getpid():
        _Term.listener = 0
        signal.signal(signal.SIGTERM, _Term.before)


def _hear(number: int, frame: FrameType | None) -> None:
    if _Term.listener != os.getpid():  # a fork: it ends as it would have
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
        return
    _Term.came = True
    if callable(_Term.before):
        _Term.before(number, frame)
