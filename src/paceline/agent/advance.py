"""What the machine does by itself after every event: as much as can be done now."""

from paceline.agent import from_supervisor
from paceline.agent.adoption import taken
from paceline.agent.devices import Booking
from paceline.agent.frames import Frame, Shape
from paceline.agent.memory import by_job
from paceline.agent.picture import LEAVING, Picture
from paceline.agent.running import NEVER, PATIENCE
from paceline.agent.words import Beat, Follow, Keep, Leave, Leaving, Relink, Run, Started
from paceline.executor import Retire
from paceline.model.task import Outcome

LAST_INTERRUPT = 3
"""Whoever interrupts as often as this does not want to wait."""


def advance(picture: Picture, now: float) -> None:
    """All of it, in this order."""
    if picture.lease.over(now) and not picture.void:
        _lose_lease(picture)
    if now >= picture.missing_until:
        from_supervisor.on_missing(picture, now)
    if picture.hand:
        _begin(picture, now)
    if now >= picture.running.look_at:
        _look(picture, now)
    number = picture.lease.due(now)
    if number:
        picture.out.append(Beat(number=number))
    if picture.pauses:
        _leave_if_done(picture)


def _lose_lease(picture: Picture) -> None:
    """Nobody heard us for too long: what we hold may already be somebody else's."""
    picture.void = True
    picture.hand.take_arrived(NEVER)
    if picture.lease.linked:
        picture.out.append(Relink())


def _begin(picture: Picture, now: float) -> None:
    """Start what fits, in order; see to what does not."""
    books = picture.running.books
    while picture.hand and picture.served:
        shape = picture.hand.head().shape
        booking = books.book(shape.need)
        if booking is not None:
            _run(picture, shape, booking)
        elif picture.running:
            break
        else:
            misfits = picture.hand.take(len(picture.hand.head()))
            picture.close_alike(misfits.attempts, Outcome.REJECTED, "needs more than this worker has")
    if picture.hand and picture.running.at_work() and picture.hand.head().arrived <= now - PATIENCE:
        late = picture.hand.take_arrived(now - PATIENCE)
        picture.close_alike(late, Outcome.RETURNED, "its turn did not come: other workers may be free")


def _run(picture: Picture, shape: Shape, booking: Booking) -> None:
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
    picture.out += (Keep(record=taken(frame)), Run(frame=frame))


def _look(picture: Picture, now: float) -> None:
    """Tell what has been at work for a while, and get back what waits too long behind it."""
    started, stuck = picture.running.look(now)
    attempts = [picture.running.by_key[key].live[key] for key in started]
    picture.out += [Started(attempts=group) for group in by_job(attempts)]
    for key, attempt in zip(started, attempts, strict=True):
        source = picture.running.by_key[key].source_of(attempt, picture.places)
        if source is not None:
            picture.out.append(Follow(attempt=attempt, source=source))
    for key in stuck:
        picture.out += picture.running.halt(key, Outcome.RETURNED, "behind a long one", 0.0)


def _leave_if_done(picture: Picture) -> None:
    """Go once nothing is left, or nobody is there to take what is; at the third interrupt in any case."""
    empty = not picture.running and not picture.hand
    done = empty and not (picture.ends and picture.lease.linked)
    if picture.left or LEAVING.isdisjoint(picture.pauses) or not (done or picture.interrupts >= LAST_INTERRUPT):
        return
    picture.left = True
    if empty and not picture.ends:
        picture.out.append(Leaving())
    picture.out += (Retire(), Leave())
