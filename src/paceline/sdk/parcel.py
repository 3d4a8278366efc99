"""What of a submission fits into its one message, and what has to follow.

An array made from a large file has more payloads than a message holds. Such a job is submitted *open* and without
them; they follow a slice at a time, and then the job is closed. Its ranges still say how many there will be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from paceline.config import PAYLOAD_LIMIT
from paceline.model.errors import UsageError
from paceline.model.job import JobSpec, Range

ROOM = 2 << 20
"""Bytes of payloads that travel in the submission itself: half of a message, the other half is for the specs."""

WORD_TASKS = 2000
WORD_BYTES = 256 << 10
"""What follows is cut where either is reached: small enough for workers to begin while the rest is under way."""

_FRAME = 8  # bytes around a payload, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A submission, divided. ``later``: payloads that follow, by the position of their job."""

    specs: Sequence[JobSpec]
    payloads: Sequence[Sequence[bytes]]
    later: Mapping[int, Sequence[bytes]]


def divide(specs: Sequence[JobSpec], payloads: Sequence[Sequence[bytes]], room: int) -> Parcel:
    """Leave out the largest lists of payloads until the others fit. Raises UsageError for what nobody would take."""
    later = {position: payloads[position] for position in _heaviest([_size(each) for each in payloads], room)}
    if later and len(payloads) != len(specs):
        raise UsageError(f"payloads: {len(payloads)} lists for {len(specs)} jobs")
    for position, follow in later.items():
        _check(specs[position], follow)
    return Parcel(
        specs=[replace(spec, open=True) if position in later else spec for position, spec in enumerate(specs)],
        payloads=[() if position in later else each for position, each in enumerate(payloads)],
        later=later,
    )


def check_sizes(name: str, payloads: Sequence[bytes]) -> None:
    """Raises UsageError for a payload that no server takes: before there is a job that would lack it."""
    for index, payload in enumerate(payloads):
        if len(payload) > PAYLOAD_LIMIT:
            raise UsageError(
                f"{name}: the arguments of task {index} are {len(payload):,} bytes, limit {PAYLOAD_LIMIT:,}",
                hint="put large data into a file that the workers can read, and pass its path",
            )


def cut(payloads: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Slices of a size that suits one word."""
    start = size = 0
    for position, payload in enumerate(payloads):
        if position > start and (position - start >= WORD_TASKS or size + len(payload) > WORD_BYTES):
            yield payloads[start:position]
            start, size = position, 0
        size += len(payload)
    if start < len(payloads):
        yield payloads[start:]


def _heaviest(sizes: Sequence[int], room: int) -> Sequence[int]:
    """Positions of as few as it takes for the rest to have room."""
    found: list[int] = []
    rest = sum(sizes)
    for position in sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True):
        if rest <= room:
            break
        rest -= sizes[position]
        found.append(position)
    return sorted(found)


def _size(payloads: Sequence[bytes]) -> int:
    return sum(map(len, payloads)) + _FRAME * len(payloads)


def _check(spec: JobSpec, payloads: Sequence[bytes]) -> None:
    if list(spec.ranges) != [Range(start=0, stop=len(payloads))]:
        raise UsageError(f"{spec.name}: {len(payloads)} payloads need the array 0-{len(payloads) - 1}")
    check_sizes(spec.name, payloads)
