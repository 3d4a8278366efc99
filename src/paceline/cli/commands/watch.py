"""``paceline watch``: how jobs go, until they are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from paceline.cli.commands.wait import wait_for
from paceline.cli.complete import selectors_argument
from paceline.cli.face import Face, asks
from paceline.cli.progress import watched
from paceline.cli.selection import resolve
from paceline.cli.session import ask

if TYPE_CHECKING:
    from paceline.sdk.client import Client


@click.command()
@selectors_argument()
@asks
def watch(face: Face, selectors: tuple[str, ...]) -> int:
    """Watch what jobs and tasks report, until they are over.

    At a terminal: a row for each task that reports, and its loss as a curve. Elsewhere a line now and then, and with
    --json a line for every report and every end. Ctrl-C lets go; the jobs run on. Exits as `paceline wait` does.
    """

    async def watching(client: Client) -> int:
        return await wait_for(client, face, await resolve(client, selectors), display=watched)

    return ask(face, watching)
