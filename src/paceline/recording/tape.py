"""Writing a recording: one section of it, from the start of a server to its end."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from paceline import __version__
from paceline.core.cluster import Cluster
from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.model.decision import Decision
from paceline.model.events import Event
from paceline.model.records import Snapshot
from paceline.recording.codec import (
    Frame,
    Outcome,
    Raised,
    Start,
    Step,
    encode_decision,
    encode_events,
    encode_frame,
    encode_snapshot,
)
from paceline.recording.content import bare_decision, bare_events, bare_snapshot, length, without_credentials
from paceline.recording.file import frame, open_for_appending


class Tape:
    """``contents``: whether what users' work is about is recorded too. ``stopped`` hears why nothing is any more.

    Raises UsageError for a file that cannot be recorded to, Conflict where another server does.
    """

    def __init__(self, path: Path, *, contents: bool, stopped: Callable[[str], None]) -> None:
        self._path = path
        self._contents = contents
        self._stopped = stopped
        self._file: BinaryIO = open_for_appending(path)
        self._chain = hashlib.blake2b(digest_size=16)

    def start(self, snapshot: Snapshot, terms: Terms, now: float) -> None:
        """What the server begins with. Credentials stay out."""
        kept = snapshot if self._contents else bare_snapshot(snapshot)
        self._write(
            Start(
                at=now,
                version=__version__,
                beat=terms.beat,
                lease=terms.lease,
                strategy=terms.strategy.name,
                contents=self._contents,
                snapshot=msgspec.Raw(encode_snapshot(without_credentials(kept))),
            )
        )

    def step(self, events: Sequence[Event], now: float, decision: Decision) -> None:
        """What the core was told, and what it decided."""
        if self._file.closed:
            return
        decided = encode_decision(decision if self._contents else bare_decision(decision, length))
        told = self._told(events)
        self._chain.update(told)
        self._chain.update(decided)
        outcome = Outcome(decision=msgspec.Raw(decided), chain=self._chain.digest())
        self._write(Step(at=now, events=msgspec.Raw(told)), outcome)

    def failure(self, events: Sequence[Event], now: float, error: Exception) -> None:
        """What the core was told when it failed."""
        self._write(Step(at=now, events=msgspec.Raw(self._told(events))), Raised(error=repr(error)))

    def close(self) -> None:
        """Nothing more will be recorded."""
        self._file.close()

    def _told(self, events: Sequence[Event]) -> bytes:
        return encode_events(events if self._contents else bare_events(events))

    def _write(self, *frames: Frame) -> None:
        """At once and in one piece, so that a server that is killed leaves what it did. A full disk ends it."""
        if self._file.closed:
            return
        try:
            self._file.write(b"".join(frame(encode_frame(each)) for each in frames))
        except OSError as error:
            self._file.close()
            self._stopped(f"nothing is recorded to {self._path} any more: {error.strerror}")


class RecordedScheduler(Scheduler):
    """A scheduler whose every step is on tape."""

    def __init__(self, cluster: Cluster, terms: Terms, tape: Tape) -> None:
        super().__init__(cluster, terms)
        self._tape = tape

    def step(self, events: Sequence[Event], now: float) -> Decision:
        """See ``Scheduler``."""
        try:
            decision = super().step(events, now)
        except Exception as error:
            self._tape.failure(events, now, error)
            raise
        self._tape.step(events, now, decision)
        return decision
