"""What the tasks of a chaos run do: a little work, and a line for every attempt in a file outside of Paceline.

A line is ``begin`` or ``end``, the attempt's key, the process, and seconds since the machine started; written at once
to a file opened for appending, so lines of many processes never mix.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from paceline.train import session

MODULUS = 9973
HOG = re.compile(r"(a+)+$")


def note(witness: str, what: str) -> None:
    line = f"{what} {session.current()} {os.getpid()} {time.clock_gettime(time.CLOCK_BOOTTIME):.2f}\n"
    fd = os.open(witness, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, line.encode())
    finally:
        os.close(fd)


@contextmanager
def witnessed(witness: str) -> Iterator[None]:
    note(witness, "begin")
    yield
    note(witness, "end")


def value_of(number: int) -> int:
    """What ``crunch`` and ``hold`` of this number return."""
    return number * number % MODULUS


def crunch(witness: str, number: int, seconds: float = 0.0) -> int:
    """Quick, or as long as it is told."""
    with witnessed(witness):
        time.sleep(seconds)
        return value_of(number)


def hold(witness: str, number: int, size: int = 25) -> int:
    """A single call of C code that keeps the interpreter lock: half a second or so at 25, twice that for one more."""
    with witnessed(witness):
        HOG.match("a" * size + "b")
        return value_of(number)


_SCRIPT = """
note() { read up rest < /proc/uptime; echo "$1 $PACELINE_TASK_ID#$PACELINE_ATTEMPT $$ $up" >> "$WITNESS"; }
note begin
%s
note end
"""

NAP = _SCRIPT % 'sleep "$NAP"; echo "$PACELINE_TASK_ID $((PACELINE_ARRAY_INDEX * PACELINE_ARRAY_INDEX))" || exit 9'
"""Says its own name and the square of its index; fails where there is no room even for that."""

FAIL = _SCRIPT % "note end; exit 3"

SLOW = _SCRIPT % "sleep 600"

STUBBORN = _SCRIPT % (
    """trap '' TERM
setsid sh -c 'trap "" TERM; while :; do sleep 0.2; done' &
while :; do sleep 0.2; done"""
)
"""Ignores TERM, as does a child in a session of its own."""

DAEMON = _SCRIPT % """(setsid sh -c 'trap "" TERM HUP; sleep 600' > /dev/null 2>&1 < /dev/null &)"""
"""Leaves a process behind that has no parent of ours any more and a session of its own."""

BOMB = _SCRIPT % (
    """burst() { [ "$1" -eq 0 ] && exec sleep 600; (burst $(($1 - 1))) & (burst $(($1 - 1))) & }
trap '' TERM
burst 5"""
)
"""Sixty-odd processes, each ignoring TERM and outliving its parent."""

HUNGRY = _SCRIPT % "head -c 400000000 /dev/zero | tail > /dev/null || exit 9"
"""Wants four hundred megabytes, and does not take a no."""
