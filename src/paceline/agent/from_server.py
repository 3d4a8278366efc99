"""What each word of the server does."""

from collections.abc import Sequence

from paceline.agent.hand import Batch
from paceline.agent.memory import attempt_ids, keys
from paceline.agent.picture import Pause, Picture
from paceline.agent.words import Flush, FromServer, Granted, Heard, Linked, Refused, Unlinked
from paceline.executor import Lease
from paceline.model.columns import Attempts
from paceline.model.decision import Drain, Drop, Settled, Stop
from paceline.model.task import Outcome


def hear(picture: Picture, event: FromServer, now: float) -> None:
    """Any of them."""
    match event:
        case Granted():
            on_granted(picture, event, now)
        case Settled() | Drop():
            on_let_go(picture, event.attempts)
        case Stop():
            on_stop(picture, event)
        case Heard():
            on_heard(picture, event, now)
        case Linked():
            on_linked(picture, event, now)
        case Unlinked():
            on_unlinked(picture)
        case Refused():
            on_refused(picture, now)
        case Drain():
            on_drain(picture, event)


def on_linked(picture: Picture, event: Linked, now: float) -> None:
    """We are in: a new term, and everything it does not know yet is told again."""
    picture.lease.welcome(event.sent_at, event.beat, event.lease)
    picture.void = False
    say_lease(picture, now)
    if picture.pauses:
        picture.out.append(picture.draining())
    picture.out += picture.ends.tellable()
    picture.out += [Flush(written=written) for written in picture.ends.to_send()]


def on_unlinked(picture: Picture) -> None:
    """Work goes on until the lease is over."""
    picture.lease.unlink()
    picture.ends.unlink()


def on_refused(picture: Picture, now: float) -> None:
    """The server is down, and on this host: nobody else can have our work."""
    picture.lease.refused(now)
    picture.void = False
    say_lease(picture, now)


def on_heard(picture: Picture, event: Heard, now: float) -> None:
    """The term begins anew."""
    if picture.lease.heard(event.number):
        say_lease(picture, now)


def say_lease(picture: Picture, now: float) -> None:
    """Let the supervisor know how long it may go on by itself."""
    left = picture.lease.left(now)
    if picture.served and left != float("inf"):
        picture.out.append(Lease(seconds=max(left, 0.001)))


def on_granted(picture: Picture, event: Granted, now: float) -> None:
    """More for the hand; or straight back, where nothing is taken."""
    named, attempts = keys(event.attempts), attempt_ids(event.attempts)
    if picture.pauses or picture.void:
        why = next(iter(picture.pauses.values()), "the lease was over")
        picture.close_alike(attempts, Outcome.RETURNED, why)
    elif _known(picture, named):
        return  # a repeat: no second copy is ever run here
    else:
        batch = Batch(shape=event.shape, arrived=now, keys=named, attempts=attempts, payloads=event.payloads)
        picture.hand.add(batch)


def _known(picture: Picture, named: Sequence[str]) -> bool:
    if picture.hand.keys.isdisjoint(named) and picture.running.by_key.keys().isdisjoint(named):
        return any(key in picture.ends for key in named)
    return True


def on_stop(picture: Picture, event: Stop) -> None:
    """Not wanted any more: what did not begin ends here, what runs is ended."""
    named = keys(event.attempts)
    picture.close_alike(picture.hand.remove(picture.hand.keys & set(named)), Outcome.CANCELLED, event.reason)
    running = picture.running
    for key in named:
        frame = running.by_key.get(key)
        if frame is not None:
            picture.out += running.halt(key, Outcome.CANCELLED, event.reason, frame.shape.spec.grace)


def on_let_go(picture: Picture, attempts: Attempts) -> None:
    """Settled or dropped: in either case these are not ours any more. What still runs of them is killed."""
    named = keys(attempts)
    picture.ends.remove(named)
    if not picture.hand.keys.isdisjoint(named):
        picture.hand.remove(picture.hand.keys & set(named))
    if picture.running.by_key.keys().isdisjoint(named):
        picture.forget(attempts, named)
    else:
        _let_go_running(picture, attempts, named)


def _let_go_running(picture: Picture, attempts: Attempts, named: Sequence[str]) -> None:
    alive = [key for key in named if key in picture.running.by_key]
    for key in alive:
        picture.running.dropped.add(key)
        picture.out += picture.running.halt(key, Outcome.LOST, "not this worker's any more", 0.0)
    rest = [attempt for key, attempt in zip(named, attempt_ids(attempts), strict=True) if key not in alive]
    picture.forget_each(rest)


def on_drain(picture: Picture, event: Drain) -> None:
    """Nothing new, or new work again. Word that we drain for a reason of our own comes back to us as a drain too."""
    if event.resume:
        picture.pauses.pop(Pause.SERVER, None)
        if picture.pauses:
            picture.out.append(picture.draining())
    elif not picture.pauses:
        picture.pauses[Pause.SERVER] = Pause.SERVER.value
        picture.give_back(Pause.SERVER.value)
    if event.now:
        picture.interrupt(Pause.SERVER.value)
