"""Arrays, as Slurm writes them: ``1-100:2%8`` is 1, 3, … 99 with at most eight at a time; both ends are included."""

import re

from paceline.model.errors import UsageError
from paceline.model.job import Range

_PART = re.compile(r"(\d[\d_]*)(?:-(\d[\d_]*)(?::(\d[\d_]*))?)?", re.ASCII)
_HINT = "such as 1-100, 0-9:2, 1,4-6 or 1-100%8"


def parse_array(text: str, field: str = "array") -> tuple[tuple[Range, ...], int]:
    """Ranges in ascending order, and how many tasks may run at once (0: no limit)."""
    body, percent, limit = text.strip().partition("%")
    ranges = parse_ranges(body, field)
    if not percent:
        return ranges, 0
    if not limit.strip().isdecimal() or int(limit) == 0:
        raise UsageError(f"{field}: {limit!r} after % is not a number of tasks", hint="such as 1-100%8")
    return ranges, int(limit)


def format_array(ranges: tuple[Range, ...], limit: int = 0) -> str:
    """``((Range(1, 100, 2),), 8)`` → ``1-99:2%8``."""
    return ",".join(map(_text, ranges)) + (f"%{limit}" if limit else "")


def parse_ranges(text: str, field: str) -> tuple[Range, ...]:
    """``1,4-6`` without a limit; refuses what is empty or names an index twice."""
    ranges = sorted((_range(part.strip(), field) for part in text.split(",")), key=lambda each: each.start)
    for i, one in enumerate(ranges):
        for other in ranges[i + 1 :]:
            if twice := _common(one, other):
                raise UsageError(f"{field}: {text!r} names {twice[0]} twice", hint="each index once")
    return tuple(ranges)


def _range(part: str, field: str) -> Range:
    match = _PART.fullmatch(part)
    if match is None:
        raise UsageError(f"{field}: cannot read {part!r} as indexes", hint=_HINT)
    first = int(match[1])
    last = int(match[2] or first)
    step = int(match[3] or 1)
    if last < first:
        raise UsageError(f"{field}: {part!r} ends before it begins", hint=f"write {last}-{first}")
    if step == 0:
        raise UsageError(f"{field}: {part!r} has a step of 0", hint="a step is 1 or more")
    count = (last - first) // step + 1
    return Range(start=first, stop=first + (count - 1) * step + 1, step=step if count > 1 else 1)


def _common(one: Range, other: Range) -> range:
    """Indexes in both, as far as the first of them (``other`` starts no earlier)."""
    mine = range(one.start, one.stop, one.step)
    if one.stop <= other.start:
        return range(0)
    shared = next((i for i in range(other.start, min(one.stop, other.stop), other.step) if i in mine), None)
    return range(0) if shared is None else range(shared, shared + 1)


def _text(each: Range) -> str:
    if each.stop == each.start + 1:
        return str(each.start)
    step = f":{each.step}" if each.step > 1 else ""
    return f"{each.start}-{each.stop - 1}{step}"
