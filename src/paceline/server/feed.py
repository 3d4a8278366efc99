"""What changes, told to everybody who watches the fleet: made once, for however many there are.

::

    kept ──▶ names of what changed ──▶ a frame, at most every 250 ms ──▶ ring ──▶ each follower at his own pace
             (not even that long        (views made and encoded once,
              after the last one left)   for all alike)

The ring is two things at once: what a slow follower has still to take in, so that nobody has a queue of his own, and
what one who comes back has missed. Who was away for longer than it reaches hears ``reset``: look at everything anew.
Who is still there and that far behind is sent away.

What there is too much of for one frame stands in the next one, as it is by then.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice

import msgspec

from paceline.core.views import worker_view
from paceline.model.errors import StoreError
from paceline.model.queries import Jobs
from paceline.model.records import Record
from paceline.server.alarm import NEVER, Alarm
from paceline.server.changes import Changes
from paceline.server.fleet import Fleet
from paceline.server.operations import looking
from paceline.server.rest.sse import comment, event
from paceline.server.ring import FRAMES, Ring
from paceline.server.waiting import Waiting

INTERVAL = 0.25
"""Seconds between two frames, at least."""
JOBS, WORKERS = 250, 100
"""How many of each stand in one frame."""
LINGER = 60.0
"""Seconds for which changes are noted after the last follower left: most often he is back at once."""
DIGITS = 16
"""Of a frame's number, fewer."""
CATCH_UP = 4 * JOBS
"""Jobs that may change while nobody follows: with more, who comes back is quicker by looking at everything anew."""
SLICE = 16
"""Followers that are woken at a time: in between others have their turn."""

_encode = msgspec.json.Encoder().encode


class Feed:
    """One for the server. ``follow`` is what each follower is sent."""

    def __init__(self, fleet: Fleet, interval: float = INTERVAL, linger: float = LINGER, frames: int = FRAMES) -> None:
        self._fleet = fleet
        self._interval = interval
        self._linger = linger
        self._followers: set[asyncio.Event] = set()
        self._hearing = ExitStack()  # holds our ear while changes are noted
        self._noting = False
        self._changes = Changes()
        self._waiting = Waiting(())
        self._ring = Ring(frames)
        self._next_at = 0.0  # before, no frame is made
        self._making: asyncio.Task[None] | None = None
        self._next = Alarm(fleet.clock, self._make)
        self._end = Alarm(fleet.clock, self._stop)

    async def follow(self, place: str = "") -> AsyncGenerator[bytes]:
        """Server-sent events after ``place``, the id of the last one that was seen, for as long as they are taken."""
        with self._following() as more:
            at = self._number(place)
            if not self._ring.reaches(at):
                at = self._ring.newest
                yield event("reset", b"{}", self._id(at))
            while self._ring.reaches(at):
                if at == self._ring.newest:
                    await more.wait()
                    more.clear()
                else:
                    at += 1
                    yield self._ring[at]
            yield comment("too slow: what you have not seen is gone; come back, and look at everything anew")

    @contextmanager
    def _following(self) -> Iterator[asyncio.Event]:
        more = asyncio.Event()
        self._followers.add(more)
        self._begin()
        try:
            yield more
        finally:
            self._followers.remove(more)
            if not self._followers:
                self._next.set(NEVER)
                self._end.set(self._fleet.clock.now() + self._linger)

    def _begin(self) -> None:
        self._end.set(NEVER)
        if not self._noting:
            self._noting = True
            self._waiting = Waiting(self._fleet.cluster.jobs.values())
            self._hearing.enter_context(self._fleet.watch.everything(self._heard))
        self._ask()

    def _stop(self) -> None:
        """Nobody came back."""
        self._noting = False
        self._hearing.close()
        self._changes = Changes()
        self._waiting = Waiting(())
        self._ring.break_off()

    def _heard(self, records: Sequence[Record]) -> None:
        for record in records:
            self._changes.note(record)
            for job in self._waiting.freed(record, self._fleet.cluster.jobs):
                self._changes.jobs[job] = None
        if not self._followers and len(self._changes.jobs) > CATCH_UP:
            self._end.set(NEVER)
            self._stop()
        self._ask()

    def _ask(self) -> None:
        """A frame, as soon as one may be made, if there is anything to tell and anybody to tell it to."""
        if self._followers and self._changes and self._making is None:
            self._next.set(self._next_at)

    def _make(self) -> None:
        self._next_at = self._fleet.clock.now() + self._interval
        self._making = asyncio.get_running_loop().create_task(self._tell(self._changes.take(JOBS, WORKERS)))

    async def _tell(self, changes: Changes) -> None:
        try:
            events = await self._events(changes)
        except StoreError:  # what reads for it died, and the next one is not there yet
            events = [("reset", b"{}")]
        finally:
            self._making = None
        if events:
            self._ring.add(_frame(events, self._id(self._ring.newest + 1)))
        _wake(iter(list(self._followers)))
        self._ask()

    async def _events(self, changes: Changes) -> list[tuple[str, bytes]]:
        """Names and data."""
        events = []
        if changes.jobs:
            query = Jobs(ids=list(changes.jobs), limit=len(changes.jobs))
            events.append(("jobs", _encode(await looking.jobs(self._fleet, query))))
        workers = self._fleet.cluster.workers
        if views := [worker_view(workers[each]) for each in changes.workers if each in workers]:
            events.append(("workers", _encode(views)))
        if changes.models:
            events.append(("models", b"[]"))
        return events

    def _id(self, number: int) -> str:
        return f"{self._fleet.epoch}-{number}"

    def _number(self, place: str) -> int:
        """Of the frame that was seen last; below 0: none, or one of another server's."""
        epoch, _, number = place.partition("-")
        ours = epoch == str(self._fleet.epoch) and number.isdecimal() and len(number) < DIGITS
        return int(number) if ours else -1


def _frame(events: Sequence[tuple[str, bytes]], place: str) -> bytes:
    """All of them, and with the last one the place: who is cut off in between comes back for all."""
    *first, (name, data) = events
    return b"".join((*(event(*each) for each in first), event(name, data, place)))


def _wake(followers: Iterator[asyncio.Event]) -> None:
    some = list(islice(followers, SLICE))
    for follower in some:
        follower.set()
    if some:
        asyncio.get_running_loop().call_soon(_wake, followers)
