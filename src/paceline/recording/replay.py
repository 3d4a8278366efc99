"""Playing a recording again: the same events at the same times must give the same decisions, to the byte."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from paceline.core.restore import restore
from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.core.strategy import STRATEGIES
from paceline.model.decision import Decision
from paceline.model.errors import UsageError
from paceline.model.events import Event
from paceline.recording.codec import (
    Frame,
    Outcome,
    Raised,
    Start,
    Step,
    decode_events,
    decode_frame,
    decode_named,
    decode_outline,
    decode_snapshot,
    encode_decision,
)
from paceline.recording.content import already, bare_decision
from paceline.recording.file import Torn, read_bodies
from paceline.recording.words import of_decision, of_events


@dataclass(slots=True, kw_only=True)
class Section:
    """One start of a server, as far as it was played. ``digest``: of all its events and decisions."""

    at: float
    version: str
    jobs: int  # that it began with
    contents: bool
    steps: int = 0
    events: int = 0
    records: int = 0
    messages: int = 0
    until: float = 0.0
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a section is first decided otherwise. Sections and steps are counted from 1; lines are in words."""

    section: int
    step: int
    at: float
    what: str
    events: Sequence[str] = ()
    recorded: Sequence[str] = ()
    decided: Sequence[str] = ()


@dataclass(slots=True, kw_only=True)
class Replay:
    """What came of it. ``torn``: the byte from which on the file is unfinished; below 0: it is whole."""

    sections: list[Section] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)  # at most one of each section
    torn: int = -1


def replay(path: Path) -> Replay:
    """Play all of it. Raises NotFound, UsageError for what is no recording, is damaged or cannot be read."""
    found = Replay()
    players: list[Player] = []
    number = 0
    try:
        for body in read_bodies(path):
            number += 1
            found.differences.extend(_play(path, decode_frame(body), players))
    except Torn as torn:
        if torn.damaged:
            raise UsageError(
                f"{path}: is damaged at byte {torn.whole}, after {number} frames", hint="fetch it once more"
            ) from None
        found.torn = torn.whole
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{path}: frame {number} cannot be read: {error}", hint="play it with the version that recorded it"
        ) from None
    found.sections = [player.section for player in players]
    return found


def _play(path: Path, frame: Frame, players: list["Player"]) -> Iterator[Difference]:
    """One frame: a section of its own, or more of the last one."""
    if isinstance(frame, Start):
        players.append(Player(frame, len(players) + 1))
    elif not players:
        raise UsageError(f"{path}: begins in the middle", hint="a recording begins with the start of a server")
    else:
        yield from players[-1].play(frame)


class Player:
    """A section under way: the scheduler that lives through it once more."""

    def __init__(self, start: Start, number: int) -> None:
        if start.strategy not in STRATEGIES:
            raise msgspec.ValidationError(f"there is no strategy {start.strategy!r}")
        snapshot = decode_snapshot(start.snapshot)
        terms = Terms(beat=start.beat, lease=start.lease, strategy=STRATEGIES[start.strategy])
        self._scheduler = Scheduler(restore(snapshot, terms, start.at), terms)
        self._number = number
        self._contents = start.contents
        self._chain = hashlib.blake2b(digest_size=16)
        self._step = Step(at=start.at, events=msgspec.Raw(b"\x90"))
        self._over = False  # it was decided otherwise: what follows rests on that
        self.section = Section(
            at=start.at, until=start.at, version=start.version, jobs=len(snapshot.jobs), contents=start.contents
        )

    def play(self, frame: Frame) -> Iterator[Difference]:
        """One frame; what was found different, if it is the first of its section."""
        if self._over:
            return
        match frame:
            case Step():
                self._step = frame
            case Outcome():
                yield from self._compare(frame)
            case Raised():
                yield from self._compare_failure(frame)
            case Start():
                raise AssertionError("starts a section of its own")

    def _compare(self, outcome: Outcome) -> Iterator[Difference]:
        events = decode_events(self._step.events)
        try:
            decision = self._decide(events)
        except Exception as error:  # noqa: BLE001 - told as the difference that it is
            yield self._differs(f"failed: {error!r}", _words(outcome.decision), ())
            return
        mine = encode_decision(decision if self._contents else bare_decision(decision, already))
        self._chain.update(self._step.events)
        self._chain.update(mine)
        self.section.digest = self._chain.hexdigest()
        if mine != bytes(outcome.decision):
            yield self._differs("was decided otherwise", _words(outcome.decision), _words(mine))
        elif self._chain.digest() != outcome.chain:
            yield self._differs("is not as it was recorded: the hash of all up to here is another", (), ())

    def _compare_failure(self, raised: Raised) -> Iterator[Difference]:
        events = decode_events(self._step.events)
        try:
            decision = self._decide(events)
        except Exception as error:  # noqa: BLE001 - the same one is what is expected
            if repr(error) != raised.error:
                yield self._differs(f"failed: {error!r}; it was recorded as {raised.error}", (), ())
            return
        yield self._differs(f"did not fail; it was recorded as {raised.error}", (), _words(encode_decision(decision)))

    def _decide(self, events: Sequence[Event]) -> Decision:
        decision = self._scheduler.step(events, self._step.at)
        self.section.steps += 1
        self.section.events += len(events)
        self.section.records += len(decision.records)
        self.section.messages += len(decision.messages)
        self.section.until = self._step.at
        return decision

    def _differs(self, what: str, recorded: Sequence[str], decided: Sequence[str]) -> Difference:
        self._over = True
        return Difference(
            section=self._number,
            step=self.section.steps,
            at=self._step.at,
            what=what,
            events=of_events(decode_named(self._step.events)),
            recorded=[line for line in recorded if line not in decided],
            decided=[line for line in decided if line not in recorded],
        )


def _words(decision: bytes | msgspec.Raw) -> Sequence[str]:
    return of_decision(decode_outline(bytes(decision)))
