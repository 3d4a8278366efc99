"""The bounds of what may be asked for. A value outside of them cannot be built, so nobody further in has to ask."""

from paceline.model.errors import UsageError

LARGEST = 10**15
"""Numbers by which things are called are below: they fit into every store, and JavaScript counts so far."""
INT32 = 1 << 31
"""What the wire carries of small numbers is below, and not below its negative."""


def require(least: float, **fields: float) -> None:
    """Raises UsageError naming the first field that is not a number from ``least`` on; infinity and NaN are none."""
    for name, value in fields.items():
        if not least <= value < float("inf"):
            raise UsageError(f"{name}: {value} is not a number from {least} on")


def require_int32(**fields: int) -> None:
    """Raises UsageError naming the first field that the wire has no room for."""
    for name, value in fields.items():
        if not -INT32 <= value < INT32:
            raise UsageError(f"{name}: {value} is out of range", hint=f"from {-INT32:,} to {INT32 - 1:,}")
