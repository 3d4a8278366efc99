"""Taking over from an agent that died: its spool says what the supervisor got, what ended, and where output lies.

What it held in hand and had not begun is not in the spool. It is simply no longer held, and the server gives it out
anew. What the spool says was given to the supervisor, and the supervisor does not know, is seen to when it has spoken
(``from_host.on_holds``).
"""

from collections.abc import Iterable
from typing import TypeVar

from paceline.agent.frames import PROGRAM, Frame, Shape
from paceline.agent.memory import Closed, Memory, Taken, attempt_ids, keys
from paceline.agent.picture import Picture
from paceline.agent.words import Follow
from paceline.model.columns import Attempts
from paceline.model.job import Spec
from paceline.model.resources import Need

R = TypeVar("R")


def taken(frame: Frame) -> Taken:
    """What a successor must know of a frame."""
    attempts = frame.live.values()
    job = next(iter(attempts)).job
    return Taken(
        attempts=Attempts(job=job, indexes=[a.index for a in attempts], numbers=[a.number for a in attempts]),
        booking=frame.booking,
        program=frame.shape.program,
        grace=frame.shape.spec.grace,
    )


def adopt(picture: Picture, memory: Memory, now: float) -> None:
    """Everything the memory holds becomes the picture's."""
    picture.pid = memory.pid
    for record in _distinct(memory.running.values()):
        _adopt_frame(picture, record, memory, now)
    for closed in _distinct(memory.ended.values()):
        _adopt_ends(picture, closed, memory)
    picture.ends.unlink()


def _distinct(records: Iterable[R]) -> Iterable[R]:
    return {id(record): record for record in records}.values()


def _adopt_frame(picture: Picture, record: Taken, memory: Memory, now: float) -> None:
    named = zip(keys(record.attempts), attempt_ids(record.attempts), strict=True)
    live = {key: attempt for key, attempt in named if memory.running.get(key) is record}
    spec = Spec(kind=PROGRAM if record.program else "", body=b"", grace=record.grace)
    frame = Frame(shape=Shape(spec, Need()), live=live, booking=record.booking, repeatable=False, told=next(iter(live)))
    picture.running.books.restore(record.booking)
    picture.running.begin(frame)
    picture.running.began(frame.head, now)
    if record.program:
        picture.littered.update(live)
    if frame.head in memory.traced:
        frame.source = memory.traced[frame.head].source
    source = frame.source_of(live[frame.head], picture.places)
    if source is not None:
        picture.out.append(Follow(attempt=live[frame.head], source=source))


def _adopt_ends(picture: Picture, closed: Closed, memory: Memory) -> None:
    named = keys(closed.endings)
    left = [position for position, key in enumerate(named) if memory.ended.get(key) is closed]
    here = [named[position] for position in left]
    written = [item for item in closed.written if str(item.attempt) in here]
    picture.ends.add(Closed(endings=closed.endings.only(left), written=written), here)
    picture.littered.update(here)
