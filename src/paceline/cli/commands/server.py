"""``paceline server``: the server process."""

import click

from paceline.cli.face import Face, speaks
from paceline.cli.process_options import SERVER, record_options, server_options, tell_unread
from paceline.cli.setting_options import flags, setting_options
from paceline.config.sources import settings


@click.command()
@setting_options(*SERVER)
@record_options
@speaks
def server(face: Face, /, *, record: str, record_payloads: bool, **given: str) -> int:
    """Start a server, in the foreground."""
    found = settings("server", flags(SERVER, given))
    options = server_options(found, record, contents=record_payloads)
    tell_unread(face, found)
    from paceline.server.app import run  # noqa: PLC0415 - the whole server, which --help need not pay

    return run(options, lambda address, http: _said(face, address, http))


def _said(face: Face, address: str, http: str) -> None:
    face.show(
        lambda: {"type": "ready", "address": address, "http": http},
        text=lambda: f"the server answers at {address}, and browsers at {http}",
        ids=[address],
    )
