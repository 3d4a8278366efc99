"""What happens on this host: output got away, somebody wants us to stop, the disk fills up."""

from paceline.agent.picture import Pause, Picture
from paceline.agent.words import Draining, FromHost, Interrupted, Shipped, Space, Woken


def hear(picture: Picture, event: FromHost) -> None:
    """Any of them."""
    match event:
        case Shipped():
            on_shipped(picture, event)
        case Interrupted():
            on_interrupted(picture)
        case Space():
            on_space(picture, event)
        case Woken():
            pass  # time alone does what is to be done after every event


def on_shipped(picture: Picture, event: Shipped) -> None:
    """Their output is on its way, so their ends may follow."""
    if picture.lease.linked:
        picture.out += picture.ends.sent(event.keys)


def on_interrupted(picture: Picture) -> None:
    """Once: no more new work, then leave. Twice: stop what runs, then leave."""
    picture.interrupts += 1
    picture.pause(Pause.HOST, Pause.HOST.value)
    if picture.interrupts == 2:
        picture.interrupt("the worker was stopped")


def on_space(picture: Picture, event: Space) -> None:
    """No new work on a full disk: what runs needs the rest, and so do the ends to come."""
    if event.fault:
        picture.pause(Pause.DISK, f"its disk cannot be written: {event.fault}")
    elif event.free < picture.reserve or not event.free:
        picture.pause(Pause.DISK, Pause.DISK.value)
    elif event.free >= 2 * picture.reserve and Pause.DISK in picture.pauses:
        del picture.pauses[Pause.DISK]
        picture.out.append(picture.draining() if picture.pauses else Draining(resume=True))
