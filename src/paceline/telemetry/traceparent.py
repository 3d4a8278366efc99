"""Where in a trace something belongs, as W3C's ``traceparent`` writes it: ``00-<trace>-<span>-<flags>``.

A job keeps its own in its environment, under ``TRACEPARENT``: so it is as durable as the job, and every worker has it.
An attempt's span has a number that follows from the trace and the attempt alone. The server, which tells of the span
when the attempt is over, and the worker, which hands it to the program before it begins, thus need not agree on it.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

VARIABLE = "TRACEPARENT"
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NOUGHT = {"0" * 32, "0" * 16}
_SAMPLED = 1
_SUBMIT = "submit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traceparent:
    """``trace`` and ``span`` in hexadecimal digits, 32 and 16 of them. ``sampled``: somebody collects it."""

    trace: str
    span: str
    sampled: bool = True

    def __str__(self) -> str:
        return f"00-{self.trace}-{self.span}-{int(self.sampled):02x}"

    def of_attempt(self, key: str) -> "Traceparent":
        """The attempt's own span in the same trace. ``key``: ``3.17#1``."""
        return replace(self, span=_derived(self.trace, key))

    @property
    def ours(self) -> bool:
        """Whether the server began this trace, because the job came without one."""
        return self.span == _derived(self.trace, _SUBMIT)


def begin(random: bytes, share: float = 1.0) -> Traceparent:
    """A new trace from 16 random bytes; its first span is the submission. Of many, this ``share`` is collected."""
    trace = random.hex()
    return Traceparent(trace=trace, span=_derived(trace, _SUBMIT), sampled=sampled(random, share))


def sampled(random: bytes, share: float) -> bool:
    """Whether a trace of this number is among the ``share`` that is collected, as OpenTelemetry decides it."""
    return int.from_bytes(random[8:]) < round(share * 2**64)


def read(text: str) -> Traceparent | None:
    """What such a text says; None: it is none, and W3C wants it treated as if it were not there."""
    found = _FORM.fullmatch(text.strip().lower())
    if found is None:
        return None
    version, trace, span, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or trace in _NOUGHT or span in _NOUGHT:
        return None
    return Traceparent(trace=trace, span=span, sampled=bool(int(flags, 16) & _SAMPLED))


def of_environment(env: Iterable[tuple[str, str]]) -> Traceparent | None:
    """Of a job, by the environment it asks for."""
    return next((read(value) for name, value in env if name == VARIABLE), None)


def _derived(trace: str, what: str) -> str:
    number = hashlib.blake2b(what.encode(), digest_size=8, key=bytes.fromhex(trace)).hexdigest()
    return number if number not in _NOUGHT else "1".rjust(16, "0")
