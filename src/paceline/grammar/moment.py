"""Moments: ``2026-01-31T18:00:00Z``, or a duration from now such as ``2h``."""

from datetime import UTC, datetime

from paceline.grammar.quantity import parse_duration
from paceline.model.errors import UsageError


def parse_moment(text: str, now: float, field: str = "time") -> float:
    """Seconds since 1970. A date must say its offset: a fleet has no time zone of its own."""
    word = text.strip().removeprefix("+")
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        return now + _from_now(word, text, field)
    if word.isdecimal():  # fromisoformat reads 20260131 as a date; to people and to us it is a number of seconds
        return now + parse_duration(word, field)
    if moment.tzinfo is None:
        raise UsageError(f"{field}: {text!r} does not say its offset from UTC", hint=f"such as {moment.isoformat()}Z")
    return moment.timestamp()


def format_moment(at: float) -> str:
    """RFC 3339 in UTC, to the millisecond: ``2026-01-31T18:00:00.000Z``."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _from_now(word: str, text: str, field: str) -> float:
    try:
        return parse_duration(word, field)
    except UsageError:
        hint = "such as 2026-01-31T18:00:00Z, or 2h from now"
        raise UsageError(f"{field}: cannot read {text!r} as a time", hint=hint) from None
