"""A sampling profiler: what every thread of this process is doing, a hundred times a second, from a thread beside them.

A stack is its functions from the outermost inwards, as ``file:function``; what a *collapsed* line holds is such a stack
and how often it was seen, which is what flame graph tools read. A thread that only waits is seen too: in an event loop
that idles, most samples end in ``select``.
"""

import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath
from types import FrameType
from typing import TypeAlias

from paceline.clock import Clock
from paceline.grammar import parse_duration
from paceline.model.errors import Conflict, UsageError

HERTZ = 100
LONGEST = 60.0
"""Seconds that one profile may take."""
DEPTH = 200
"""Functions of one stack, the innermost."""

Stack: TypeAlias = tuple[str, ...]

ONE_AT_A_TIME = threading.Lock()


def seconds_of(text: str) -> float:
    """How long somebody wants to look; five seconds if he does not say. Raises UsageError."""
    seconds = parse_duration(text, "seconds") if text else 5.0
    if not 0.0 < seconds <= LONGEST:
        raise UsageError(f"seconds: {text} is not from 0 to {LONGEST:g}", hint=f"?seconds={LONGEST:g} at most")
    return seconds


def sample(seconds: float, clock: Clock) -> Mapping[Stack, int]:
    """Look for so long, in the thread that calls. Raises Conflict while another one looks."""
    if not ONE_AT_A_TIME.acquire(blocking=False):
        raise Conflict("a profile is being taken already", hint="ask again when it is done")
    try:
        return _look(clock.steady() + seconds, clock)
    finally:
        ONE_AT_A_TIME.release()


def _look(until: float, clock: Clock) -> Mapping[Stack, int]:
    own = threading.get_ident()
    seen: Counter[Stack] = Counter()
    pause = threading.Event()  # never set: waiting for it is how this thread waits
    while clock.steady() < until:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for ident, frame in sys._current_frames().items():  # noqa: SLF001 - documented, for profilers
            if ident != own:
                seen[(names.get(ident, "thread"), *_stack(frame))] += 1
        pause.wait(1 / HERTZ)
    return seen


def _stack(frame: FrameType | None) -> list[str]:
    names: list[str] = []
    while frame is not None and len(names) < DEPTH:
        code = frame.f_code
        names.append(f"{_place(code.co_filename)}:{code.co_qualname}")
        frame = frame.f_back
    return names[::-1]


def _place(file: str) -> str:
    """The last two parts of a path: ``server/loop.py``."""
    return "/".join(PurePath(file).parts[-2:])


def collapsed(stacks: Mapping[Stack, int]) -> str:
    """A line for each stack, ``outer;inner count``, the most frequent first."""
    lines = sorted(stacks.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{';'.join(stack)} {count}\n" for stack, count in lines)
