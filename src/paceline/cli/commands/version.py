"""``paceline version``."""

import click

import paceline
from paceline.cli.face import Face, asks
from paceline.cli.forms import form
from paceline.cli.session import ask
from paceline.model.errors import NotAllowed, Unreachable
from paceline.sdk.replies import Info


@click.command()
@asks
def version(face: Face) -> None:
    """Print the version, here and of the server, if one answers."""
    server = _server(face)
    face.show(
        lambda: {"version": paceline.__version__, "server": form(server) if server else None},
        ids=[paceline.__version__],
        text=lambda: f"paceline {paceline.__version__}" + (f"\nserver   {server.version}" if server else ""),
    )
    if server and server.trouble:
        face.remark(server.trouble)


def _server(face: Face) -> Info | None:
    try:
        return ask(face, lambda client: client.info())
    except (Unreachable, NotAllowed):
        return None
