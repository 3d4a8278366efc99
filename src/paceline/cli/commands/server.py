"""``paceline server``: the server process."""

from urllib.parse import urlsplit

import click

from paceline.cli.face import Face, speaks
from paceline.cli.process_options import home_of, home_option, record_options, tls_of, tls_options
from paceline.config import GRPC_PORT, ServerOptions, variable
from paceline.model.errors import UsageError
from paceline.sdk.grammar import parse_duration, parse_size


@click.command()
@click.option(
    "--host", metavar="HOST", default="127.0.0.1", help="Address to listen at; beyond this machine only with TLS."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=GRPC_PORT,
    metavar="PORT",
    help=f"Default {GRPC_PORT}; 0: any free one.",
)
@click.option("--store", default="", metavar="PATH", help="Where to keep state: a file, or `memory`.")
@click.option("--catalog", default="", metavar="URL", help="A MongoDB for the models; or PACELINE_CATALOG.")
@click.option("--beat", default="5s", metavar="DURATION", help="Time between heartbeats of workers; default 5s.")
@click.option("--lease", default="20s", metavar="DURATION", help="Silence after which a worker is lost; default 20s.")
@click.option(
    "--reserve", default="256MiB", metavar="SIZE", help="Free disk space below which nothing new is accepted."
)
@record_options
@home_option
@tls_options
@speaks
def server(face: Face, /, **given: str) -> int:
    """Start a server, in the foreground."""
    options = ServerOptions(
        home=home_of(given["home"]),
        host=given["host"],
        port=int(given["port"]),
        store=given["store"],
        catalog=_catalog(given["catalog"]),
        tls=tls_of(given["tls_cert"], given["tls_key"], given["tls_ca"]),
        beat=parse_duration(given["beat"], "--beat"),
        lease=parse_duration(given["lease"], "--lease"),
        reserve=parse_size(given["reserve"], "--reserve"),
        record=given["record"],
        record_contents=bool(given["record_payloads"]),
    )
    from paceline.server.app import run  # noqa: PLC0415 - the whole server, which --help need not pay

    return run(options, lambda address: _said(face, address))


def _catalog(named: str) -> str:
    """A password never comes from the command line, which every user of the host can read."""
    if urlsplit(named).password:
        raise UsageError("--catalog: the URL holds a password", hint="put the URL into PACELINE_CATALOG")
    return named or variable("CATALOG")


def _said(face: Face, address: str) -> None:
    face.show(
        lambda: {"type": "ready", "address": address}, text=lambda: f"the server answers at {address}", ids=[address]
    )
