"""``paceline replay``: a server's recording, played again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paceline import __version__
from paceline.cli.face import Face, speaks
from paceline.cli.forms import form
from paceline.cli.table import table
from paceline.grammar import format_moment

if TYPE_CHECKING:
    from paceline.recording.replay import Difference, Replay

SHOWN = 20
"""Lines of each kind that are printed of a difference."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@speaks
def replay(face: Face, /, file: Path) -> int:
    """Play again what `paceline server --record FILE` has recorded, and compare every decision.

    Exits with 0 if all are the same to the byte, with 1 at the first that is not. Needs no server and changes nothing.
    """
    from paceline.recording.replay import replay as play  # noqa: PLC0415 - the whole core, which --help need not pay

    found = play(file)
    face.show(
        lambda: {**form(found), "same": not found.differences},
        ids=(section.digest for section in found.sections),
        text=lambda: "\n".join(_lines(found)),
    )
    return 1 if found.differences else 0


def _lines(found: Replay) -> Iterator[str]:
    rows = [
        (
            str(number),
            format_moment(section.at),
            *(f"{count:,}" for count in (section.steps, section.events, section.records, section.messages)),
            section.digest,
        )
        for number, section in enumerate(found.sections, 1)
    ]
    heading = ("SECTION", "AT", "STEPS", "EVENTS", "RECORDS", "MESSAGES", "HASH")
    yield table(heading, rows, empty="the recording is empty")
    for version in sorted({section.version for section in found.sections} - {__version__}):
        yield f"recorded by version {version}, played by {__version__}"
    if found.torn >= 0:
        yield f"it ends in the middle of a frame, at byte {found.torn}: its server was killed, or still records"
    for difference in found.differences:
        yield from _told(difference)
    if not found.differences:
        yield "every decision is the same"


def _told(difference: Difference) -> Iterator[str]:
    at = format_moment(difference.at)
    yield f"\nsection {difference.section}, step {difference.step}, at {at}: {difference.what}"
    for title, sign, lines in (
        ("events", " ", difference.events),
        ("recorded, and not decided now", "-", difference.recorded),
        ("decided now, and not recorded", "+", difference.decided),
    ):
        if lines:
            yield f"{title}:"
            yield from (f"  {sign} {line}" for line in lines[:SHOWN])
            if len(lines) > SHOWN:
                yield f"    and {len(lines) - SHOWN} more"
