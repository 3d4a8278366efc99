"""Kinds' functions, called in warm processes: one call at a time each, interchangeable among equal ones.

How many calls run at a time is for the agent to say: a call that finds all processes of its pool busy gets a new one.
"""

import functools
import itertools
import os
from collections.abc import Iterator, KeysView, Sequence
from pathlib import Path

from paceline.executor import Began, Call, Halt, Unbegun
from paceline.executors.bodies import Bodies
from paceline.executors.channel import TASKS_MAX, Task
from paceline.executors.end import End, News, Tell, sentence
from paceline.executors.idle import Idle
from paceline.executors.loop import Loop
from paceline.executors.reaper import Reaper
from paceline.executors.shift import DEAF, Desk, Shift
from paceline.executors.warm import Files, Pool, Warm, pool_of
from paceline.model.errors import LaunchError
from paceline.model.task import Outcome

LINGER = 2.0
"""Seconds for a process to leave once we hear no more of each other; as many again between TERM and KILL."""


class Functions:
    """Every ``Call`` of this supervisor."""

    def __init__(self, loop: Loop, reaper: Reaper, bodies: Bodies, tell: Tell) -> None:
        self._loop = loop
        self._reaper = reaper
        self._bodies = bodies
        self._tell = tell
        self._desk = Desk(loop, reaper, self._say, self._over)
        self._idle = Idle(loop)
        self._numbers = itertools.count(1)
        self._shifts: dict[Warm, Shift] = {}
        self._where: dict[str, Warm] = {}  # keys that have not ended

    def keys(self) -> KeysView[str]:
        """Attempts that have not ended, as they are at any moment."""
        return self._where.keys()

    def begun(self) -> Iterator[Began]:
        """The attempts at work."""
        return (shift.began() for shift in self._shifts.values())

    def call(self, order: Call) -> None:
        """Give it to a process that has nothing to do, or to a new one; back, if its body is not here."""
        body, payloads = (order.blobs[0], order.blobs[1:]) if order.blobs else (b"", ())
        try:
            task = Task(order.kind, order.digest, self._bodies.path(order.digest, body), order.trace)
        except KeyError:  # a full disk did not take it
            self._tell(Unbegun(keys=order.keys))
            return
        if len(order.keys) > TASKS_MAX:
            self._refuse(order, Outcome.REJECTED, f"{len(order.keys)} tasks in one call; the limit is {TASKS_MAX}")
            return
        try:
            warm = self._take(pool_of(order))
        except LaunchError as error:
            self._refuse(order, Outcome.LAUNCH, sentence(error))
            return
        self._where.update(dict.fromkeys(order.keys, warm))
        warm.call(task, order.keys, payloads)
        self._shifts[warm] = Shift(self._desk, warm, order)

    def halt(self, order: Halt) -> bool:
        """End this key. False: no such key."""
        warm = self._where.get(order.key)
        if warm is not None:
            self._shifts[warm].halt(order)
        return warm is not None

    def dismiss(self) -> None:
        """Let go of all processes that have nothing to do."""
        self._idle.retire()

    def _refuse(self, order: Call, outcome: Outcome, detail: str) -> None:
        self._tell([End(key, outcome, detail=detail) for key in order.keys])

    def _take(self, pool: Pool) -> Warm:
        found = self._idle.take(pool)
        if found is not None:
            return found
        Path(pool.logs).mkdir(parents=True, exist_ok=True)
        stem = f"{pool.logs}/pool-{os.getpid()}-{next(self._numbers)}"
        warm = Warm(pool, Files(out=Path(f"{stem}.out"), err=Path(f"{stem}.err")))
        warm.start(self._reaper, functools.partial(self._gone, warm))
        self._loop.read(warm.bell.fileno(), functools.partial(self._on_bell, warm))
        return warm

    def _on_bell(self, warm: Warm) -> None:
        if not warm.heard():
            self._loop.forget(warm.bell.fileno())
            self._idle.remove(warm)
            self._loop.after(LINGER, functools.partial(self._end_deaf, warm))
        elif warm in self._shifts:
            self._shifts[warm].attend()

    def _end_deaf(self, warm: Warm) -> None:
        if warm in self._shifts:
            self._shifts[warm].doom(DEAF, 0.0)
        self._reaper.end(warm.tree, LINGER)

    def _over(self, warm: Warm) -> None:
        del self._shifts[warm]
        self._idle.add(warm)

    def _gone(self, warm: Warm, code: int, survivors: Sequence[int]) -> None:
        if shift := self._shifts.pop(warm, None):
            shift.bury(code, survivors)
        self._idle.remove(warm)
        self._loop.forget(warm.bell.fileno())
        warm.close()

    def _say(self, news: News) -> None:
        if isinstance(news, Unbegun):
            for key in news.keys:
                del self._where[key]
        elif isinstance(news, list):
            for end in news:
                del self._where[end.key]
        self._tell(news)
