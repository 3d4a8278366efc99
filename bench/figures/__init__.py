"""Every figure, one per file, in the table's order."""

from typing import Any

from bench.figure import Figure
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
