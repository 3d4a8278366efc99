"""``paceline dashboard``: the page on which all of it is seen."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING

import click

from paceline.cli.face import Face, asks
from paceline.cli.session import ask
from paceline.config import HTTP_PORT, ServerOptions

if TYPE_CHECKING:
    from paceline.sdk.client import Client

CODE_SECONDS = 300.0
"""For which a login code is good, and then only once."""


@click.command()
@click.option("--open", "opens", is_flag=True, help="Open it in this machine's browser, too.")
@click.option(
    "--url",
    default="",
    metavar="URL",
    help=f"Where the server answers browsers, if it is another machine's and not at port {HTTP_PORT}.",
)
@asks
def dashboard(face: Face, /, *, opens: bool, url: str) -> None:
    """Print the dashboard's address, with a code that logs a browser in: once, within five minutes."""
    place = url.rstrip("/") or _place(face.server)
    address = ask(face, lambda client: login_address(client, place))
    face.show(lambda: {"url": address, "seconds": CODE_SECONDS}, ids=[address], text=lambda: address)
    if opens and not webbrowser.open(address):
        face.remark("no browser was found here: open the address yourself")
    elif not opens:
        face.hint("good once, for five minutes; the browser then stays logged in for twelve hours")


async def login_address(client: Client, place: str) -> str:
    """The page's address with a fresh login code. In the fragment, so no server's log ever holds it."""
    made = await client.create_token("login", name="dashboard", ttl=CODE_SECONDS)
    return f"{place}/#code={made.token}"


def _place(server: str) -> str:
    """Where browsers reach the server that commands reach: it says so itself if it runs from here."""
    from paceline.sdk.connect import find  # noqa: PLC0415 - gRPC: 150 ms that --help need not pay
    from paceline.wire.address import split_address  # noqa: PLC0415 - as above
    from paceline.wire.whereabouts import read_whereabouts, same_server  # noqa: PLC0415 - as above

    options = find(server)
    here = read_whereabouts(ServerOptions().home)
    if here is not None and here.http and same_server(here.address, options.address):
        return here.http
    host, _ = split_address(options.address)
    scheme = "https" if options.tls.ca or options.tls.cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{HTTP_PORT}"
