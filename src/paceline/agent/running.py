"""What the supervisor has from us: frames, what they book, and which of their attempts are being ended.

A frame gives its booking back when its last attempt has ended, not before: between two attempts of a frame the process
is still there.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from paceline.agent.devices import Books
from paceline.agent.frames import Frame
from paceline.agent.hand import Batch
from paceline.executor import Halt
from paceline.model.ids import AttemptId
from paceline.model.task import Outcome

TOLD_AFTER = 0.05
"""Seconds an attempt is at work before the server is told that it started: shorter ones end sooner than the news."""
PATIENCE = 0.25
"""Seconds granted work waits for its turn before it goes back to where others can have it."""

NEVER = float("inf")


class Gone(NamedTuple):
    """An attempt that is over. ``position``: of its key among those that were named together."""

    position: int
    key: str
    attempt: AttemptId
    frame: Frame


class Running:
    """See the module."""

    __slots__ = ("books", "by_key", "dropped", "frames", "halts", "look_at")

    def __init__(self, books: Books) -> None:
        self.books = books
        self.frames: dict[Frame, None] = {}  # in order of their start
        self.by_key: dict[str, Frame] = {}
        self.halts: dict[str, Halt] = {}  # what was said about those that are being ended
        self.dropped: set[str] = set()  # not ours any more; only their processes still are
        self.look_at = NEVER  # when ``started`` or ``stuck`` may find something

    def __len__(self) -> int:
        return len(self.by_key)

    def begin(self, frame: Frame) -> None:
        """A frame whose booking is already taken."""
        self.frames[frame] = None
        self.by_key.update(dict.fromkeys(frame.live, frame))

    def began(self, key: str, now: float) -> None:
        """The supervisor says that this one is at work."""
        frame = self.by_key.get(key)
        if frame is not None:
            frame.at_work_since = now
            self.look_at = min(self.look_at, now + TOLD_AFTER)

    def end(self, keys: Iterable[str], now: float) -> list[Gone]:
        """They are gone from the host; those of them that we had."""
        gone: list[Gone] = []
        by_key = self.by_key
        for position, key in enumerate(keys):
            frame = by_key.pop(key, None)
            if frame is not None:
                gone.append(Gone(position, key, frame.live.pop(key), frame))
        for frame in {item.frame: None for item in gone}:
            self._shrunk(frame, now)
        if self.halts:
            for item in gone:
                self.halts.pop(item.key, None)
        return gone

    def _shrunk(self, frame: Frame, now: float) -> None:
        if not frame.live:
            self.books.release(frame.booking)
            del self.frames[frame]
        elif frame.at_work_since < NEVER:
            frame.at_work_since = now
            self.look_at = min(self.look_at, now + TOLD_AFTER)

    def take_back(self, keys: Iterable[str], now: float) -> tuple[list[Batch], list[AttemptId]]:
        """They did not begin and will not: those that can be called anew, and those that cannot."""
        frames: dict[Frame, list[str]] = {}
        for key in keys:
            if key in self.by_key:
                frames.setdefault(self.by_key[key], []).append(key)
        again, never = [], []
        for frame, group in frames.items():
            payloads = [frame.payloads[key] for key in group] if frame.payloads else []
            attempts = [item.attempt for item in self.end(group, now)]
            if frame.repeatable:
                again.append(
                    Batch(shape=frame.shape, arrived=now, keys=group, attempts=attempts, payloads=payloads),
                )
            else:
                never += attempts
        return again, never

    def halt(self, key: str, outcome: Outcome, detail: str, grace: float) -> Sequence[Halt]:
        """The word to say; none if as much was said already."""
        known = self.halts.get(key)
        if known is not None and known.outcome != Outcome.RETURNED and known.grace <= grace:
            return ()
        self.halts[key] = Halt(key=key, outcome=outcome, detail=detail, grace=grace)
        return (self.halts[key],)

    def look(self, now: float) -> tuple[list[str], list[str]]:
        """Keys at work long enough to tell of, and keys that wait too long behind one."""
        started: list[str] = []
        stuck: list[str] = []
        waiting = False
        for frame in self.frames:
            if frame.told != frame.head and now >= frame.at_work_since + TOLD_AFTER:
                frame.told = frame.head
                started.append(frame.head)
            behind = [key for key in frame.live if key not in self.halts and key != frame.head]
            if behind and now >= frame.at_work_since + PATIENCE:
                stuck += behind
            elif frame.at_work_since < NEVER and (behind or frame.told != frame.head):
                waiting = True
        self.look_at = now + TOLD_AFTER if waiting else NEVER
        return started, stuck

    def missing(self, held: AbstractSet[str]) -> list[str]:
        """What we gave to a supervisor, and this one does not have."""
        return [key for key in self.by_key if key not in held]

    def attempts(self) -> list[AttemptId]:
        """All that are ours."""
        return [frame.live[key] for key, frame in self.by_key.items() if key not in self.dropped]

    def at_work(self) -> bool:
        """Whether anything was seen to begin."""
        return any(frame.at_work_since < NEVER for frame in self.frames)

    def check(self) -> None:
        """Bookings add up, and both tables tell the same."""
        self.books.check(frame.booking for frame in self.frames)
        listed: Mapping[str, Frame] = {key: frame for frame in self.frames for key in frame.live}
        assert listed == self.by_key, "the key table is not that of the frames"
        assert all(frame.live for frame in self.frames), "a frame without attempts"
        assert self.halts.keys() <= self.by_key.keys(), "halts something that does not run"
        assert self.dropped <= self.by_key.keys(), "dropped something that does not run"
