"""Frames of a recording as bytes, and events and decisions within them: msgpack of what they hold."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, get_args

import msgspec

from paceline.model.decision import Answer, Decision
from paceline.model.errors import PacelineError
from paceline.model.events import Event
from paceline.model.records import Snapshot

Plain: TypeAlias = dict[str, object]
"""A value by its fields, as it is read by people."""


class Start(msgspec.Struct, tag="start", frozen=True, kw_only=True):
    """A server begins: with this picture, at this time, on these terms."""

    at: float
    version: str
    beat: float
    lease: float
    strategy: str
    contents: bool  # whether what users' work is about was recorded too
    snapshot: msgspec.Raw


class Step(msgspec.Struct, tag="step", frozen=True, kw_only=True):
    """The core is given these events, when it is this time."""

    at: float
    events: msgspec.Raw


class Outcome(msgspec.Struct, tag="outcome", frozen=True, kw_only=True):
    """And decides this. ``chain``: running hash of the section's decisions up to here."""

    decision: msgspec.Raw
    chain: bytes


class Raised(msgspec.Struct, tag="raised", frozen=True, kw_only=True):
    """Or it failed, and the server with it."""

    error: str


Frame: TypeAlias = Start | Step | Outcome | Raised


class Outline(msgspec.Struct, frozen=True, array_like=True):
    """A decision as it is read by people: every part by its class and its fields."""

    records: list[tuple[str, Plain]]
    messages: list[tuple[int, str, Plain]]
    answers: list[tuple[str, object]]
    wake_at: float


_EVENTS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}


def _plain(value: object) -> object:
    if isinstance(value, Sequence):  # a range, say: columns are any sequence
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be recorded")


_encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode
_frame = msgspec.msgpack.Decoder(Start | Step | Outcome | Raised)
_event = {name: msgspec.msgpack.Decoder(kind) for name, kind in _EVENTS.items()}
_named = msgspec.msgpack.Decoder(list[tuple[str, msgspec.Raw]])
_plainly = msgspec.msgpack.Decoder(list[tuple[str, Plain]])
_snapshot = msgspec.msgpack.Decoder(Snapshot)
_outline = msgspec.msgpack.Decoder(Outline)


def encode_frame(frame: Frame) -> bytes:
    """A frame's body."""
    return _encode(frame)


def decode_frame(body: bytes) -> Frame:
    """The frame in a body. Raises msgspec.DecodeError where there is none."""
    frame: Frame = _frame.decode(body)
    return frame


def encode_events(events: Sequence[Event]) -> bytes:
    """All events of one step, each with its class."""
    return _encode([(type(event).__name__, event) for event in events])


def decode_events(body: bytes | msgspec.Raw) -> list[Event]:
    """The same again. Raises msgspec.DecodeError for what are none."""
    return [_decode_event(name, raw) for name, raw in _named.decode(body)]


def _decode_event(name: str, raw: msgspec.Raw) -> Event:
    if name not in _event:
        raise msgspec.ValidationError(f"there is no event {name!r}")
    return _event[name].decode(raw)


def decode_named(body: bytes | msgspec.Raw) -> list[tuple[str, Plain]]:
    """The events of a step for people to read."""
    return _plainly.decode(body)


def encode_decision(decision: Decision) -> bytes:
    """All that follows from one step: equal bytes are equal decisions."""
    return _encode(
        (
            [(type(record).__name__, record) for record in decision.records],
            [(worker, type(message).__name__, message) for worker, message in decision.messages],
            [_answer(answer) for answer in decision.answers],
            decision.wake_at,
        )
    )


def decode_outline(body: bytes) -> Outline:
    """An encoded decision for people to read."""
    return _outline.decode(body)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """What a server starts from."""
    return _encode(snapshot)


def decode_snapshot(body: bytes | msgspec.Raw) -> Snapshot:
    """The same again."""
    return _snapshot.decode(body)


def _answer(answer: Answer) -> tuple[str, object]:
    given = (answer.message, answer.hint) if isinstance(answer, PacelineError) else answer
    return type(answer).__name__, given
