"""``paceline events``: the event log."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from paceline.cli.face import Face, asks
from paceline.cli.forms import form, forms
from paceline.cli.sentences import Sentences
from paceline.cli.session import ask
from paceline.cli.since import moment_since
from paceline.clock import SystemClock
from paceline.model.queries import EventsAsked
from paceline.model.views import EventView

if TYPE_CHECKING:
    from paceline.sdk.client import Client


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until interrupted.")
@click.option("--after", type=click.IntRange(0), default=None, metavar="SEQ", help="Only what came after this number.")
@click.option("--since", default="", metavar="TIME", help="Not older than this: 10m, 2026-01-31T18:00:00Z.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    help="Only lines of this kind, such as job_over or attempts; may be repeated.",
)
@click.option("--job", type=click.IntRange(1), default=None, metavar="N", help="Only what happened to this job.")
@click.option("--worker", default="", metavar="NAME", help="Only how this worker stood.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=100,
    metavar="N",
    help="At most so many: the last ones, or with --after or --since the first; default 100.",
)
@asks
def events(face: Face, /, *, follow: bool, after: int | None, since: str, limit: int, **about: Any) -> None:
    """Print the event log, oldest first: what was decided and kept, when, and who wanted it.

    With --follow also what is added to it, through restarts of the server.
    """
    asked = EventsAsked(
        after=after or 0,
        since=moment_since(since, SystemClock().now()),
        kinds=about["kinds"],
        subject=str(about["job"] or about["worker"]),
        newest=after is None and not since,
        limit=limit,
    )
    ask(face, lambda client: _follow(client, face, asked) if follow else _print(client, face, asked))


async def _print(client: Client, face: Face, asked: EventsAsked) -> None:
    found = await client.events(**asked)
    sentences = await _sentences(client)
    face.show(
        lambda: {"events": forms(found)},
        ids=(line.seq for line in found),
        text=lambda: "\n".join(map(sentences.of, found)) or "no events",
    )


async def _follow(client: Client, face: Face, asked: EventsAsked) -> None:
    sentences = await _sentences(client)
    async with aclosing(client.follow_events(**asked)) as lines:
        async for line in lines:
            _say(face, line, sentences)


def _say(face: Face, line: EventView, sentences: Sentences) -> None:
    said = sentences.of(line)
    face.show(lambda: {"type": "event", "event": form(line)}, ids=[line.seq], text=lambda: said)


async def _sentences(client: Client) -> Sentences:
    return Sentences({worker.worker: worker.name for worker in await client.workers(all=True)})
