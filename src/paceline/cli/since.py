"""``--since``: from when on."""

from datetime import UTC, date, datetime, time

from paceline.grammar import parse_duration, parse_moment


def moment_since(text: str, now: float) -> float:
    """A moment, the beginning of a day (UTC), or so long ago; 0 if nothing is said. In seconds since 1970."""
    if not text:
        return 0.0
    if "T" in text:
        return parse_moment(text, now, "--since")
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC).timestamp()
    except ValueError:
        return now - parse_duration(text, "--since")
