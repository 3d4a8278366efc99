"""The worker's machine: words of the server and of the supervisor in, actions out. No I/O, no clock, no asyncio.

An attempt is in one place at a time::

    granted ──▶ hand ──begin──▶ running ──ended──▶ ends ──settled──▶ gone
                  │                │  ▲               ▲
                  │                └──┘ unbegun       │
                  └──────── returned, cancelled ──────┘

*hand*     waits for its turn: strictly in order of arrival, as far as what it needs is free. If something else is at
           work here and its turn does not come within a quarter of a second, it goes back: others may be free.
*running*  the supervisor has it; its frame books what it needs.
*ends*     what became of it is in the spool and (as soon as the server listens) told; kept until the server settles it.

Three orders hold: an end is *kept* before the supervisor may forget it, kept before it is *told*, and told after its
output was sent. When the lease is over the hand is emptied, and the supervisor kills the rest by itself.
"""

from collections.abc import Sequence

from paceline.agent import from_host, from_server, from_supervisor
from paceline.agent.adoption import adopt, taken
from paceline.agent.advance import advance
from paceline.agent.devices import Books
from paceline.agent.memory import Memory, Record, Served, Traced, by_job
from paceline.agent.picture import FLOOR, Picture
from paceline.agent.places import Places
from paceline.agent.running import PATIENCE
from paceline.agent.standing import Standing, standing
from paceline.agent.tally import Tally
from paceline.agent.words import (
    Action,
    Event,
    FromHost,
    FromSupervisor,
)
from paceline.model.columns import Attempts


class Worker:
    """See the module. Not safe for use by several threads."""

    def __init__(self, books: Books, places: Places, reserve: int = FLOOR) -> None:
        self._picture = Picture(books, places, reserve)

    def adopt(self, memory: Memory, now: float) -> list[Action]:
        """Take over from an agent that died. First of all, if at all."""
        adopt(self._picture, memory, now)
        return self._picture.actions()

    def receive(self, event: Event, now: float) -> list[Action]:
        """One thing that happened; everything that is to be done because of it, in this order. ``now``: steady."""
        picture = self._picture
        if isinstance(event, FromSupervisor):
            from_supervisor.hear(picture, event, now)
        elif isinstance(event, FromHost):
            from_host.hear(picture, event)
        else:
            from_server.hear(picture, event, now)
        advance(picture, now)
        return picture.actions()

    def held(self) -> Sequence[Attempts]:
        """Every attempt that is ours: what a hello says."""
        picture = self._picture
        return by_job([*picture.hand.attempts(), *picture.running.attempts(), *picture.ends.attempts()])

    @property
    def tally(self) -> Tally:
        """What it has run, in numbers."""
        return self._picture.tally

    def standing(self) -> Standing:
        """How it is now, for whoever asks."""
        return standing(self._picture)

    def wake_at(self, now: float) -> float:
        """When something is due even if nothing happens; infinity: never."""
        picture = self._picture
        due = min(picture.lease.wake_at(now), picture.running.look_at, picture.missing_until)
        if picture.hand and picture.running.at_work():
            due = min(due, picture.hand.head().arrived + PATIENCE)
        return due

    def supplied(self) -> bool:
        """Whether there is work here to go on with, so that nothing is lost if the server hears of ends a bit later."""
        return bool(self._picture.hand)

    def records(self) -> list[Record]:
        """Everything a successor would have to know, and nothing more: what a spool can be rewritten as."""
        picture = self._picture
        traced = [
            Traced(attempt=frame.live[frame.head], source=frame.source)
            for frame in picture.running.frames
            if frame.source is not None
        ]
        frames = [taken(frame) for frame in picture.running.frames]
        return [Served(pid=picture.pid), *frames, *traced, *picture.ends.records()]

    def check(self) -> None:
        """Every invariant. Tests call it after each event."""
        self._picture.check()
