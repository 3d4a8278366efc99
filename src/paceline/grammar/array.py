"""Arrays, as Slurm writes them: ``1-100:2%8`` is 1, 3, … 99 with at most eight at a time; both ends are included."""

import re
from math import gcd

from paceline.model.bounds import LARGEST
from paceline.model.errors import UsageError
from paceline.model.job import Range

_PART = re.compile(r"(\d[\d_]*)(?:-(\d[\d_]*)(?::(\d[\d_]*))?)?", re.ASCII)
_LIMIT = re.compile(r"0*[1-9]\d{,8}", re.ASCII)
_HINT = "such as 1-100, 0-9:2, 1,4-6 or 1-100%8"


def parse_array(text: str, field: str = "array") -> tuple[tuple[Range, ...], int]:
    """Ranges in ascending order, and how many tasks may run at once (0: no limit)."""
    body, percent, limit = text.strip().partition("%")
    ranges = parse_ranges(body, field)
    if not percent:
        return ranges, 0
    if not _LIMIT.fullmatch(limit.strip()):
        raise UsageError(f"{field}: {limit!r} after % is not a number of tasks", hint="such as 1-100%8")
    return ranges, int(limit)


def format_array(ranges: tuple[Range, ...], limit: int = 0) -> str:
    """``((Range(1, 100, 2),), 8)`` → ``1-99:2%8``."""
    return ",".join(map(_text, ranges)) + (f"%{limit}" if limit else "")


def parse_ranges(text: str, field: str) -> tuple[Range, ...]:
    """``1,4-6`` without a limit; refuses what is empty or names an index twice."""
    ranges = sorted((_range(part.strip(), field) for part in text.split(",")), key=lambda each: each.start)
    for at, one in enumerate(ranges, 1):
        while at < len(ranges) and ranges[at].start < one.stop:
            if twice := _common(one, ranges[at]):
                raise UsageError(f"{field}: {text!r} names {twice[0]} twice", hint="each index once")
            at += 1
    return tuple(ranges)


def _range(part: str, field: str) -> Range:
    match = _PART.fullmatch(part)
    if match is None:
        raise UsageError(f"{field}: cannot read {part!r} as indexes", hint=_HINT)
    first, last, step = (_number(each, field) for each in (match[1], match[2] or match[1], match[3] or "1"))
    if last < first:
        raise UsageError(f"{field}: {part!r} ends before it begins", hint=f"write {last}-{first}")
    if step == 0:
        raise UsageError(f"{field}: {part!r} has a step of 0", hint="a step is 1 or more")
    count = (last - first) // step + 1
    return Range(start=first, stop=first + (count - 1) * step + 1, step=step if count > 1 else 1)


def _number(text: str, field: str) -> int:
    """By its digits first: Python reads no number of thousands of them."""
    digits = text.replace("_", "").lstrip("0") or "0"
    if len(digits) > len(str(LARGEST)) or int(digits) >= LARGEST:
        raise UsageError(f"{field}: {text:.40} is too large for an index", hint=f"the largest is {LARGEST - 1:,}")
    return int(digits)


def _common(one: Range, other: Range) -> range:
    """Indexes in both, as far as the first of them (``other`` starts no earlier)."""
    shared = gcd(one.step, other.step)
    apart, odd = divmod(one.start - other.start, shared)
    if one.stop <= other.start or odd:
        return range(0)
    turns = one.step // shared
    first = other.start + apart * pow(other.step // shared, -1, turns) % turns * other.step
    return range(first, first + 1) if first < min(one.stop, other.stop) else range(0)


def _text(each: Range) -> str:
    if each.stop == each.start + 1:
        return str(each.start)
    step = f":{each.step}" if each.step > 1 else ""
    return f"{each.start}-{each.stop - 1}{step}"
