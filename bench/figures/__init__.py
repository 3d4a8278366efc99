"""Every figure, one per file, in the table's order."""

from typing import Any

from bench import yardsticks
from bench.figure import Figure, Row
from bench.figures import commands, idle, latency, links, mapped, memory, queue, shell, sleeping, submitted

FIGURES: tuple[Figure[Any], ...] = (
    mapped.FIGURE,
    submitted.FIGURE,
    latency.FIGURE,
    commands.FIGURE,
    queue.FIGURE,
    links.FIGURE,
    memory.FIGURE,
    idle.FIGURE,
    shell.FIGURE,
    sleeping.FIGURE,
)

ROWS: tuple[Row, ...] = (*(row for figure in FIGURES for row in figure.rows), *yardsticks.ROWS)
"""All rows there are, in the table's order."""
