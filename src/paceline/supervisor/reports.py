"""Progress of running attempts: datagrams in, fewer words out, always the latest.

A word takes time in each process from here to those who look at it, and on this machine the attempt pays for it: the
longer an attempt has been going on, the rarer they are.

Whoever can write to the socket is a process of our own user; still, nothing that comes is believed before it was read.
"""

import json
import socket
from collections.abc import Callable, Iterable
from typing import Any

from paceline.executor import Progress
from paceline.executors.loop import Loop, steady

LIMIT = 64 << 10
"""Bytes of one report."""
SHARE = 0.02
SHORTEST, LONGEST = 0.05, 1.0


class Reports:
    """Reads ``inbox`` (a bound datagram socket, not blocking)."""

    def __init__(
        self, loop: Loop, inbox: socket.socket, runs: Callable[[str], bool], tell: Callable[[Progress], None]
    ) -> None:
        self._loop = loop
        self._inbox = inbox
        self._runs = runs
        self._tell = tell
        self._latest: dict[str, Progress] = {}  # not told yet
        self._quiet: set[str] = set()  # told just now
        self._first: dict[str, float] = {}  # when they had the first word
        self.dropped = 0

    def drain(self) -> None:
        """Take in all that has come."""
        while True:
            try:
                data = self._inbox.recv(LIMIT + 1)
            except BlockingIOError:
                return
            try:
                self._take(_progress(data))
            except (ValueError, KeyError, TypeError, RecursionError):
                self.dropped += 1

    def finish(self, keys: Iterable[str]) -> None:
        """These attempts end: say what is still unsaid."""
        for key in keys:
            self._first.pop(key, None)
            if self._latest and (progress := self._latest.pop(key, None)):
                self._tell(progress)

    def _take(self, progress: Progress) -> None:
        key = progress.key
        if not self._runs(key):
            self.dropped += 1
        elif key in self._quiet:
            self._latest[key] = progress
        else:
            self._say(progress)

    def _say(self, progress: Progress) -> None:
        self._tell(progress)
        self._quiet.add(progress.key)
        now = steady()
        age = now - self._first.setdefault(progress.key, now)
        self._loop.at(now + pause(age), lambda: self._speak_up(progress.key))

    def _speak_up(self, key: str) -> None:
        self._quiet.discard(key)
        if progress := self._latest.pop(key, None):
            self._say(progress)


def pause(age: float) -> float:
    """Seconds between two words about an attempt whose first one was so many seconds ago."""
    return min(max(SHARE * age, SHORTEST), LONGEST)


def _progress(data: bytes) -> Progress:
    """Raises ValueError, KeyError or TypeError when it is no report."""
    if len(data) > LIMIT:
        raise ValueError(f"report of more than {LIMIT} bytes")
    said = json.loads(data, parse_constant=_refuse)
    key, step, values = said["key"], said["step"], said["values"]
    if not (isinstance(key, str) and type(step) is int and isinstance(values, dict)):
        raise TypeError("not a report")
    return Progress(key=key, step=step, values=json.dumps(values, separators=(",", ":")))


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
