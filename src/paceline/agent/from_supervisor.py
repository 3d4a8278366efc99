"""What each word of the supervisor does."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from paceline.agent.ends import read_ended
from paceline.agent.frames import Frame, Shape
from paceline.agent.from_host import on_space
from paceline.agent.from_server import say_lease
from paceline.agent.memory import Served, Traced, Written
from paceline.agent.picture import Pause, Picture
from paceline.agent.places import Source
from paceline.agent.running import Gone
from paceline.agent.words import FromSupervisor, Keep, Orphaned, Reported, Space
from paceline.executor import Began, Ended, Halt, Holds, Progress, Settle, Unbegun, Unwritable
from paceline.model.ids import AttemptId
from paceline.model.task import Outcome

ENDS_FOLLOW = 1.0
"""Seconds after a supervisor's first word within which the ends it still keeps have come."""


def hear(picture: Picture, event: FromSupervisor, now: float) -> None:
    """Any of them."""
    match event:
        case Ended():
            on_ended(picture, event, now)
        case Began():
            on_began(picture, event, now)
        case Unbegun():
            on_unbegun(picture, event, now)
        case Unwritable():
            on_unwritable(picture, event, now)
        case Progress():
            on_progress(picture, event)
        case Holds():
            on_holds(picture, event, now)
        case Orphaned():
            on_orphaned(picture)


def on_holds(picture: Picture, event: Holds, now: float) -> None:
    """A supervisor is there and says what it runs."""
    former, picture.pid = picture.pid, event.pid
    picture.served = True
    picture.out.append(Keep(record=Served(pid=event.pid)))
    strangers = [key for key in event.keys if key not in picture.running.by_key]
    picture.out += [Halt(key=key, outcome=Outcome.LOST, detail="unknown", grace=0.0) for key in strangers]
    missing = picture.running.missing(frozenset(event.keys))
    if former not in (0, event.pid):
        picture.vanish(missing, Outcome.LOST, "the supervisor died", now)
    else:
        picture.missing, picture.missing_until = missing, now + ENDS_FOLLOW
    say_lease(picture, now)
    picture.out += picture.running.halts.values()


def on_missing(picture: Picture, now: float) -> None:
    """The same supervisor as before has neither them nor their ends: they never got there."""
    lost, picture.missing, picture.missing_until = picture.missing, (), float("inf")
    picture.vanish(lost, Outcome.RETURNED, "never reached the supervisor", now)


def on_orphaned(picture: Picture) -> None:
    """What became of our attempts we hear from the next supervisor."""
    picture.served = False


def on_began(picture: Picture, event: Began, now: float) -> None:
    """An attempt is at work, and writes there."""
    frame = picture.running.by_key.get(event.key)
    if frame is not None:
        picture.running.began(event.key, now)
        frame.source = Source(out=event.out, err=event.err, out_start=event.out_start, err_start=event.err_start)
        if not frame.shape.program:
            picture.out.append(Keep(record=Traced(attempt=frame.live[event.key], source=frame.source)))


def on_ended(picture: Picture, event: Ended, now: float) -> None:
    """Attempts are gone from the host. Ours are kept and told, whatever the others are: all can be forgotten there."""
    gone = picture.running.end(event.keys, now)
    written = _outputs(picture, event, gone) if any(event.out_ends) or any(event.err_ends) else ()
    _learn(event, gone)
    picture.tally.rest(gone, now)
    if picture.running.dropped:
        dropped = [item for item in gone if item.key in picture.running.dropped]
        gone = [item for item in gone if item.key not in picture.running.dropped]
        picture.forget_each(item.attempt for item in dropped)
    picture.tally.ended(gone, event.outcomes, event.seconds, now)
    for endings, named in read_ended(event, gone):
        picture.close(endings, named, [item for item in written if item.attempt.job == endings.job])
    picture.out.append(Settle(keys=event.keys))


def _learn(event: Ended, gone: Sequence[Gone]) -> None:
    """How long attempts of each shape take."""
    took: dict[Shape, list[float]] = {}
    for frame, items in groupby(gone, attrgetter("frame")):
        took.setdefault(frame.shape, []).extend(event.seconds[item.position] for item in items)
    for shape, seconds in took.items():
        shape.learn(sum(seconds), len(seconds))


def _outputs(picture: Picture, event: Ended, gone: Sequence[Gone]) -> list[Written]:
    return [
        written
        for position, _, attempt, frame in gone
        for written in _output(picture, frame, attempt, event.out_ends[position], event.err_ends[position])
    ]


def _output(picture: Picture, frame: Frame, attempt: AttemptId, out_end: int, err_end: int) -> Sequence[Written]:
    """What it left. Calls of a frame write one after the other, so the next one's begins where this one's ends."""
    source = frame.source_of(attempt, picture.places)
    if source is None or (out_end <= source.out_start and err_end <= source.err_start):
        return ()
    if not frame.shape.program:
        starts = max(out_end, source.out_start), max(err_end, source.err_start)
        frame.source = replace(source, out_start=starts[0], err_start=starts[1])
    return (Written(attempt=attempt, source=source, out_end=out_end, err_end=err_end),)


def on_unbegun(picture: Picture, event: Unbegun, now: float) -> None:
    """Their process died before their turn: to the front of the hand again, in the order they had."""
    ending = [key for key in event.keys if key in picture.running.halts]
    picture.vanish(ending, Outcome.RETURNED, "", now)
    again, never = picture.running.take_back(event.keys, now)
    picture.close_alike(never, Outcome.RETURNED, "its process died before its turn")
    for batch in reversed(again):
        picture.hand.put_back(batch)
    if picture.pauses:
        picture.give_back(next(iter(picture.pauses.values())))


def on_unwritable(picture: Picture, event: Unwritable, now: float) -> None:
    """They did not begin, and nothing else would: first this is said, or the server would give them to us again."""
    on_space(picture, Space(fault=event.fault))
    picture.vanish(event.keys, Outcome.RETURNED, picture.pauses[Pause.DISK], now)


def on_progress(picture: Picture, event: Progress) -> None:
    """How far an attempt is, for the server."""
    frame = picture.running.by_key.get(event.key)
    if frame is not None and event.key not in picture.running.dropped:
        attempt = frame.live[event.key]
        picture.tally.reported(attempt, event.values)
        picture.out.append(Reported(attempt=attempt, step=event.step, values=event.values))
