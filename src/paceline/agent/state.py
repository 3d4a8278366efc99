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
from paceline.agent.devices import Booking, Books
from paceline.agent.frames import Frame, Shape
from paceline.agent.memory import Memory, Record, Served, Traced, by_job
from paceline.agent.picture import LEAVING, Picture
from paceline.agent.places import Places
from paceline.agent.running import NEVER, PATIENCE
from paceline.agent.words import (
    Action,
    Beat,
    Event,
    Follow,
    Interrupted,
    Keep,
    Leave,
    Leaving,
    Orphaned,
    Relink,
    Run,
    Shipped,
    Space,
    Started,
    Woken,
)
from paceline.executor import Began, Ended, Holds, Progress, Retire, Unbegun
from paceline.model.columns import Attempts
from paceline.model.task import Outcome


class Worker:
    """See the module. Not safe for use by several threads."""

    def __init__(self, books: Books, places: Places) -> None:
        self._picture = Picture(books, places)
        self._left = False

    def adopt(self, memory: Memory, now: float) -> list[Action]:
        """Take over from an agent that died. First of all, if at all."""
        adopt(self._picture, memory, now)
        return self._actions()

    def receive(self, event: Event, now: float) -> list[Action]:
        """One thing that happened; everything that is to be done because of it, in this order. ``now``: steady."""
        picture = self._picture
        match event:
            case Holds() | Began() | Ended() | Unbegun() | Progress() | Orphaned():
                from_supervisor.hear(picture, event, now)
            case Shipped() | Interrupted() | Space() | Woken():
                from_host.hear(picture, event)
            case _:
                from_server.hear(picture, event, now)
        self._go_on(now)
        return self._actions()

    def held(self) -> Sequence[Attempts]:
        """Every attempt that is ours: what a hello says."""
        picture = self._picture
        return by_job([*picture.hand.attempts(), *picture.running.attempts(), *picture.ends.attempts()])

    def wake_at(self, now: float) -> float:
        """When something is due even if nothing happens; infinity: never."""
        picture = self._picture
        due = min(picture.lease.wake_at(now), picture.running.look_at, picture.missing_until)
        if picture.hand and picture.running.at_work():
            due = min(due, picture.hand.head().arrived + PATIENCE)
        return due

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

    # ── after each event ────────────────────────────────────────────────────────────────────────────────────────────

    def _actions(self) -> list[Action]:
        actions, self._picture.out = self._picture.out, []
        return actions

    def _go_on(self, now: float) -> None:
        picture = self._picture
        if picture.lease.over(now) and not picture.void:
            self._lose_lease()
        if now >= picture.missing_until:
            from_supervisor.on_missing(picture, now)
        if picture.hand:
            self._begin(now)
        if now >= picture.running.look_at:
            self._look(now)
        number = picture.lease.due(now)
        if number:
            picture.out.append(Beat(number=number))
        if picture.pauses:
            self._leave_if_done()

    def _lose_lease(self) -> None:
        """Nobody heard us for too long: what we hold may already be somebody else's."""
        picture = self._picture
        picture.void = True
        picture.hand.take_arrived(NEVER)
        if picture.lease.linked:
            picture.out.append(Relink())

    def _begin(self, now: float) -> None:
        """Start what fits, in order; see to what does not."""
        picture = self._picture
        books = picture.running.books
        while picture.hand and picture.served:
            shape = picture.hand.head().shape
            booking = books.book(shape.need)
            if booking is not None:
                self._run(shape, booking)
            elif picture.running:
                break
            else:
                misfits = picture.hand.take(len(picture.hand.head()))
                picture.close_alike(misfits.attempts, Outcome.REJECTED, "needs more than this worker has")
        if picture.hand and picture.running.at_work() and picture.hand.head().arrived <= now - PATIENCE:
            late = picture.hand.take_arrived(now - PATIENCE)
            picture.close_alike(late, Outcome.RETURNED, "its turn did not come: other workers may be free")

    def _run(self, shape: Shape, booking: Booking) -> None:
        picture = self._picture
        company = shape.company()
        if company > 1:  # but leave something for the processors that are still free
            company = min(company, -(-len(picture.hand.head()) // (1 + picture.running.books.slots(shape.need))))
        batch = picture.hand.take(company)
        frame = Frame(
            shape=shape,
            live=dict(zip(batch.keys, batch.attempts, strict=True)),
            booking=booking,
            payloads=dict(zip(batch.keys, batch.payloads, strict=True)) if batch.payloads else {},
        )
        picture.running.begin(frame)
        if shape.program:
            picture.littered.update(batch.keys)
            frame.source = picture.places.output_of(batch.attempts[0])
        picture.out += (Keep(record=taken(frame)), Run(frame=frame))

    def _look(self, now: float) -> None:
        """Tell what has been at work for a while, and get back what waits too long behind it."""
        picture = self._picture
        started, stuck = picture.running.look(now)
        attempts = [picture.running.by_key[key].live[key] for key in started]
        picture.out += [Started(attempts=group) for group in by_job(attempts)]
        for key, attempt in zip(started, attempts, strict=True):
            source = picture.running.by_key[key].source
            if source is not None:
                picture.out.append(Follow(attempt=attempt, source=source))
        for key in stuck:
            picture.out += picture.running.halt(key, Outcome.RETURNED, "behind a long one", 0.0)

    def _leave_if_done(self) -> None:
        """Go once nothing is left, or nobody is there to take what is; at the third interrupt in any case."""
        picture = self._picture
        empty = not picture.running and not picture.hand
        done = empty and not (picture.ends and picture.lease.linked)
        if self._left or LEAVING.isdisjoint(picture.pauses) or not (done or picture.interrupts > 2):  # noqa: PLR2004
            return
        self._left = True
        if empty and not picture.ends:
            picture.out.append(Leaving())
        picture.out += (Retire(), Leave())
