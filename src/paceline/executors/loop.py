"""The one thread of the supervisor: it waits for files to become readable and for moments to come.

There is no tick: an idle supervisor sleeps until something happens.
"""

import heapq
import itertools
import selectors
import time
from collections.abc import Callable
from typing import TypeAlias

Action: TypeAlias = Callable[[], None]

steady = time.monotonic  # noqa: TID251 - below the ports there is no Clock
"""Seconds; the same clock in every process of the host, so that user processes' times can be compared with ours."""
_SLACK = 64
"""Cancelled alarms that may lie around before they are cleared away."""


def _nothing() -> None:
    """What a cancelled alarm does."""


class Alarm:
    """Something to do at a moment, unless it is cancelled."""

    __slots__ = ("_loop", "action", "at")

    def __init__(self, loop: "Loop", at: float, action: Action) -> None:
        self._loop = loop
        self.at = at
        self.action = action

    def cancel(self) -> None:
        """Never mind. Cancelling twice, or too late, does no harm."""
        if self.action is not _nothing:
            self.action = _nothing
            self._loop.forget_alarm()


class Loop:
    """Readiness and alarms. Everything runs in the caller's thread, one turn after the other."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._readers: dict[int, Action] = {}
        self._writers: dict[int, Action] = {}
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()
        self._cancelled = 0

    def __len__(self) -> int:
        """Alarms, with the cancelled ones that still lie around."""
        return len(self._alarms)

    def at(self, moment: float, action: Action) -> Alarm:
        """Call ``action`` once, at this moment of ``steady()`` or soon after."""
        alarm = Alarm(self, moment, action)
        heapq.heappush(self._alarms, (moment, next(self._numbers), alarm))
        return alarm

    def after(self, seconds: float, action: Action) -> Alarm:
        """Call ``action`` once, so many seconds from now."""
        return self.at(steady() + seconds, action)

    def read(self, fd: int, action: Action) -> None:
        """Call ``action`` whenever there is something to read."""
        self._readers[fd] = action
        self._selector.register(fd, selectors.EVENT_READ)

    def write(self, fd: int, action: Action) -> None:
        """Besides, call ``action`` whenever there is room to write, until ``written``."""
        self._writers[fd] = action
        self._selector.modify(fd, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def written(self, fd: int) -> None:
        """There is nothing to write any more."""
        if self._writers.pop(fd, None):
            self._selector.modify(fd, selectors.EVENT_READ)

    def forget(self, fd: int) -> None:
        """Watch it no longer, if it is watched. To be called before the file is closed."""
        if self._readers.pop(fd, None):
            self._writers.pop(fd, None)
            self._selector.unregister(fd)

    def forget_alarm(self) -> None:
        """An alarm was cancelled. Many of them are cleared away at once: a day's timeouts would fill the memory."""
        self._cancelled += 1
        if self._cancelled > _SLACK and self._cancelled * 2 > len(self._alarms):
            self._alarms = [entry for entry in self._alarms if entry[2].action is not _nothing]
            heapq.heapify(self._alarms)
            self._cancelled = 0

    def turn(self) -> None:
        """Sleep until something is to be done, and do all that is to be done now."""
        for key, events in self._selector.select(self._patience()):
            if events & selectors.EVENT_WRITE:
                self._writers.get(key.fd, _nothing)()
            if events & selectors.EVENT_READ:
                self._readers.get(key.fd, _nothing)()  # forgotten by what ran before it in this turn
        self._ring()

    def _patience(self) -> float | None:
        while self._alarms and self._alarms[0][2].action is _nothing:
            heapq.heappop(self._alarms)
            self._cancelled = max(0, self._cancelled - 1)
        return max(0.0, self._alarms[0][0] - steady()) if self._alarms else None

    def _ring(self) -> None:
        if not self._alarms:
            return
        now = steady()
        due = []
        while self._alarms and self._alarms[0][0] <= now:
            due.append(heapq.heappop(self._alarms)[2])
        for alarm in due:
            action, alarm.action = alarm.action, _nothing
            action()
