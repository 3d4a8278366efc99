"""The bounds of what may be asked for. A value outside of them cannot be built, so nobody further in has to ask."""

from paceline.model.errors import UsageError

LARGEST = 10**15
"""Numbers by which things are called are below: they fit into every store, and JavaScript counts so far."""


def require(least: float, **fields: float) -> None:
    """Raises UsageError naming the first field that is not a number from ``least`` on; infinity and NaN are none."""
    for name, value in fields.items():
        if not least <= value < float("inf"):
            raise UsageError(f"{name}: {value} is not a number from {least} on")
