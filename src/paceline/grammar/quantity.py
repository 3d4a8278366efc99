"""Durations, sizes and counts.

A bare number of a duration is seconds. A size says its unit: ``8GB`` is 8·10⁹ bytes, ``8GiB`` and Slurm's ``8G`` are
8·2³⁰. Counts, memory and disk mean *at least*; ``16..`` and SkyPilot's ``16+`` are accepted as other spellings of
that, and an upper bound is refused, because leaving room on a worker unused would help nobody.
"""

import re
from decimal import Decimal
from fractions import Fraction

from paceline.model.errors import UsageError
from paceline.model.resources import WHOLE

_DURATION_UNITS = {
    unit: Fraction(ms, 1000)
    for unit, ms in {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}.items()
}
DIGITS = r"\d{1,20}(?:\.\d{1,400})?"
"""A number. Of thousands of digits Python reads none, and nobody means one."""
_BEYOND = 1 << 63
"""For that neither the wire nor the store has room."""
_DURATION_PART = re.compile(rf"({DIGITS})\s*(ms|[smhdw])", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,15})-)?(\d{1,15}):([0-5]\d):([0-5]\d)", re.ASCII)
_NUMBER = re.compile(DIGITS, re.ASCII)

_SIZE_UNITS: dict[str, int] = {"B": 1} | {
    prefix + suffix: int(base**power)
    for power, prefix in enumerate("KMGTP", 1)
    for suffix, base in (("iB", 1024), ("B", 1000), ("", 1024), ("i", 1024))
}
_SIZE = re.compile(rf"({DIGITS})\s*([A-Za-z]*)", re.ASCII)
_CANONICAL = {name.upper(): unit for name, unit in _SIZE_UNITS.items()}
_FORMATS = sorted(((u, n) for n, u in _SIZE_UNITS.items() if n.endswith("B")), reverse=True)


def parse_duration(text: str, field: str = "duration") -> float:
    """Seconds in ``30s``, ``1h30m``, ``1.5h``, ``3600``, ``01:30:00`` or ``2-12:00:00`` (days first)."""
    word = text.strip()
    if _NUMBER.fullmatch(word):
        return float(word)
    if clock := _CLOCK.fullmatch(word):
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    parts = _DURATION_PART.findall(word.lower())
    if not parts or _DURATION_PART.sub("", word.lower()).strip():
        hint = (
            "two numbers could be minutes or hours: write 01:30:00" if ":" in word else "such as 30s, 1h30m, 01:30:00"
        )
        raise UsageError(f"{field}: cannot read {text!r} as a duration", hint=hint)
    return float(sum((Fraction(number) * _DURATION_UNITS[unit] for number, unit in parts), Fraction()))


def format_duration(seconds: float) -> str:
    """``5400`` → ``1h30m``; exact to the microsecond."""
    if seconds < 1 or seconds != int(seconds):
        return f"{Decimal(repr(seconds)):f}s"
    rest, text = int(seconds), ""
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, int(_DURATION_UNITS[unit]))
        text += f"{count}{unit}" if count else ""
    return text


def parse_size(text: str, field: str = "size") -> int:
    """Bytes in ``8GiB``, ``8GB``, ``512MB``, ``1.5TB``; ``200GB..`` and ``200GB+`` mean the same as ``200GB``."""
    return read_size(at_least(text.strip(), field), field)


def read_size(word: str, field: str) -> int:
    """Bytes of one size, no range."""
    match = _SIZE.fullmatch(word)
    if match is None:
        raise UsageError(f"{field}: cannot read {word!r} as a size", hint="such as 512MB, 8GiB")
    number, unit = match.groups()
    if not unit and Fraction(number):
        raise UsageError(f"{field}: {word!r} has no unit", hint=f"write {number}GiB or {number}MB")
    factor = _CANONICAL.get(unit.upper() or "B")
    if factor is None:
        known = "B, KB, MB, GB, TB, PB, KiB, MiB, GiB, TiB, PiB"
        raise UsageError(f"{field}: {unit!r} is not a unit of {word!r}", hint=f"units are {known}")
    return _real(round(Fraction(number) * factor), word, field)


def format_size(size: int) -> str:
    """The shortest exact spelling: ``8589934592`` → ``8GiB``, ``8000000000`` → ``8GB``."""
    unit, name = next((u, n) for u, n in _FORMATS if size % u == 0 and (size or u == 1))
    return f"{size // unit}{name}"


def parse_count(text: str, field: str = "cpus") -> int:
    """Thousandths in ``4``, ``0.5``, ``16..`` or ``4+``."""
    word = at_least(text.strip(), field)
    if not _NUMBER.fullmatch(word):
        raise UsageError(f"{field}: cannot read {text!r} as a number", hint="such as 4 or 0.5")
    return thousandths(word, field)


def thousandths(word: str, field: str) -> int:
    """A positive decimal number with at most three places, times a thousand."""
    milli = Fraction(word) * WHOLE
    if milli.denominator != 1 or milli == 0:
        raise UsageError(f"{field}: {word!r} is not a positive number with at most three decimals", hint="such as 0.5")
    return _real(int(milli), word, field)


def _real(amount: int, word: str, field: str) -> int:
    if amount >= _BEYOND:
        raise UsageError(f"{field}: {word!r} is more than any worker has", hint="is there a digit too many?")
    return amount


def format_count(milli: int) -> str:
    """``1500`` → ``1.5``."""
    return f"{milli / WHOLE:.3f}".rstrip("0").rstrip(".")


def at_least(word: str, field: str) -> str:
    """The lower bound of an open range; refuses an upper one."""
    if word.endswith("+"):
        return word[:-1].strip()
    low, dots, high = word.partition("..")
    if dots and (high.strip() or not low.strip()):
        hint = f"write {low.strip()} or {low.strip()}.." if low.strip() else "write the lower bound alone"
        raise UsageError(
            f"{field}: {word!r} has an upper bound, which only gpu memory and gpu count can have", hint=hint
        )
    return low.strip()
