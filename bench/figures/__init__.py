"""Every figure, one per file, in the table's order."""

from typing import Any

from bench.figure import Figure
from bench.figures import commands, latency, mapped, submitted

FIGURES: tuple[Figure[Any], ...] = (mapped.FIGURE, submitted.FIGURE, latency.FIGURE, commands.FIGURE)
