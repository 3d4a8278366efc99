"""Events and decisions in words that a person can compare."""

from collections.abc import Iterator, Mapping, Sequence

from paceline.recording.codec import Outline

LONG = 8
"""Members from which on a list is told by its ends."""


def of_decision(outline: Outline) -> list[str]:
    """One line for each part."""
    return [
        *(f"keep {name} {_fields(fields)}" for name, fields in outline.records),
        *(f"send to worker {worker}: {name} {_fields(fields)}" for worker, name, fields in outline.messages),
        *(f"answer {name} {_told(given)}" for name, given in outline.answers),
        f"wake at {outline.wake_at!r}",
    ]


def of_events(named: Sequence[tuple[str, Mapping[str, object]]]) -> list[str]:
    """One line for each."""
    return [f"{name} {_fields(fields)}" for name, fields in named]


def _fields(values: Mapping[object, object] | Mapping[str, object]) -> str:
    return " ".join(_pairs("", values))


def _pairs(prefix: str, values: Mapping[object, object] | Mapping[str, object]) -> Iterator[str]:
    """Values of values by a dotted name; what is empty says nothing."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _pairs(f"{prefix}{name}.", value)
        elif value not in ("", b"", (), None) and value != []:
            yield f"{prefix}{name}={_told(value)}"


def _told(value: object) -> str:
    match value:
        case dict():
            return _fields(value)
        case list() | tuple() if len(value) > LONG:
            return f"[{_told(value[0])}, {_told(value[1])} … {_told(value[-1])}: {len(value)}]"
        case list() | tuple():
            return f"[{', '.join(_told(each) for each in value)}]"
        case bytes():
            return value.decode("ascii", errors="backslashreplace")[:60]
        case str():
            return value
        case _:
            return repr(value)
