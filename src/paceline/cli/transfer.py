"""Bytes on their way, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paceline.cli.face import Face


@contextmanager
def transfer(face: Face, what: str, size: int) -> Iterator[Callable[[int], None]]:
    """Call what it yields with the number of bytes that came."""
    if not face.person:
        yield lambda count: None
        return
    from rich.console import Console  # noqa: PLC0415 - 80 ms that only bars need
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(what, total=size)
        yield lambda count: progress.advance(bar, count)
