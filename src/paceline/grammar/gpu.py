"""Devices: ``[vendor:]model[,model…][:memory][:count]``, every part optional but one.

===================  =====================================================================
``2``                two devices of any kind
``0.5``              half of one device
``A100``             one A100
``A100,H100:2``      two devices, both A100 or both H100
``nvidia:24GB..``    one device of that vendor with at least 24 GB (a bare size means the same)
``24GB..40GB:2``     two devices with 24 to 40 GB each
``H100:1..2``        two H100 if they can be had, else one: *several* needs, best first
``H100:4+``          four H100 (whoever wants at least four is served with four)
===================  =====================================================================
"""

import difflib
import re
from collections.abc import Sequence

from paceline.grammar.quantity import DIGITS, format_count, format_size, read_size, thousandths
from paceline.model.errors import UsageError
from paceline.model.resources import WHOLE, GpuNeed

VENDORS = ("nvidia", "amd", "intel")
COUNT_LIMIT = 64
"""Devices of one task; a larger number is a model written without its letters."""

_HINT = "the form is [vendor:]model[,model…][:memory][:count], such as A100:80GB:2"
_BOUND = rf"{DIGITS}\s*[KMGTP]?(?:i?B)?"  # not "3090Ti": that is a model
_MEMORY = re.compile(rf"(?=\S*[KMGTPB])({_BOUND})(?:(\.\.)({_BOUND})?|\+)?", re.ASCII | re.IGNORECASE)
_COUNT = re.compile(rf"({DIGITS})(?:(\.\.)(\d{{1,15}})?|\+)?", re.ASCII)
_MODEL = re.compile(r"[A-Z0-9][A-Z0-9 ._-]*", re.ASCII)


def parse_gpu(text: str, field: str = "gpu") -> tuple[GpuNeed, ...]:
    """The alternatives in a text, best first: one, except for a range of counts."""
    parts = [part.strip() for part in text.split(":")]
    vendor = parts.pop(0).lower() if parts[0].lower() in VENDORS else ""
    counts = _counts(parts.pop(), field) if parts and _COUNT.fullmatch(parts[-1]) else [WHOLE]
    memory, memory_max = _memory(parts.pop(), field) if parts and _MEMORY.fullmatch(parts[-1]) else (0, 0)
    models = _models(parts.pop(), field) if parts else ()
    if parts:
        near = difflib.get_close_matches(parts[0].lower(), VENDORS, 1)
        hint = f"did you mean {near[0]!r}?" if near else _HINT
        raise UsageError(f"{field}: cannot read {parts[0]!r} of {text!r}", hint=hint)
    return tuple(
        GpuNeed(milli=milli, vendor=vendor, models=models, memory=memory, memory_max=memory_max) for milli in counts
    )


def format_gpu(need: GpuNeed) -> str:
    """One device need as text."""
    memory = format_size(need.memory) if need.memory else ""
    if need.memory_max:
        memory = f"{format_size(need.memory)}..{format_size(need.memory_max)}"
    parts = [need.vendor, ",".join(need.models), memory, format_count(need.milli)]
    return ":".join(part for part in parts if part)


def _counts(word: str, field: str) -> Sequence[int]:
    low, dots, high = _match(_COUNT, word)
    least = thousandths(low, field)
    most = int(high) * WHOLE if high else least
    if most > COUNT_LIMIT * WHOLE:
        raise UsageError(f"{field}: {word!r} devices", hint=f"for a model write its letters too, such as RTX{low}")
    if least > WHOLE and least % WHOLE:
        raise UsageError(
            f"{field}: {low!r} is neither a part of one device nor a whole number", hint="such as 0.5 or 2"
        )
    if dots and high and (least % WHOLE or most < least):
        raise UsageError(f"{field}: {word!r} is not a range of whole numbers", hint="such as 1..2")
    return range(most, least - 1, -WHOLE)


def _memory(word: str, field: str) -> tuple[int, int]:
    low, _, high = _match(_MEMORY, word)
    least, most = read_size(low, f"{field} memory"), read_size(high, f"{field} memory") if high else 0
    if high and most < least:
        raise UsageError(f"{field}: memory {word!r} ends before it begins", hint=f"write {high}..{low}")
    return least, most


def _models(word: str, field: str) -> tuple[str, ...]:
    names = tuple(name.strip().upper() for name in word.split(","))
    for name in names:
        if not _MODEL.fullmatch(name) or name.isdecimal():
            raise UsageError(f"{field}: {name!r} is not the name of a model", hint=_HINT)
    return names


def _match(pattern: re.Pattern[str], word: str) -> tuple[str, str, str]:
    match = pattern.fullmatch(word)
    assert match is not None, "the caller tried the same pattern"
    low, dots, high = match.groups(default="")
    return low, dots, high
