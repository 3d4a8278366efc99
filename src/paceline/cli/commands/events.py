"""``paceline events``: the event log."""

from __future__ import annotations

from collections.abc import Sequence

import click

from paceline.cli.face import Face, asks
from paceline.cli.forms import forms
from paceline.cli.session import ask
from paceline.cli.table import table
from paceline.grammar import format_moment
from paceline.model.views import EventView


@click.command()
@click.option("--after", type=click.IntRange(0), default=0, metavar="SEQ", help="Only what came after this number.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=1000, metavar="N", help="At most so many; default 1000."
)
@asks
def events(face: Face, *, after: int, limit: int) -> None:
    """Print the event log, oldest first: every decision that was kept."""
    found = ask(face, lambda client: client.events(after=after, limit=limit))
    face.show(lambda: {"events": forms(found)}, ids=(event.seq for event in found), text=lambda: _table(found))


def _table(found: Sequence[EventView]) -> str:
    rows = [(str(event.seq), format_moment(event.at), event.kind, event.subject, event.body) for event in found]
    return table(("SEQ", "AT", "KIND", "SUBJECT", "BODY"), rows, empty="no events")
