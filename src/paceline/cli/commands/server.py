"""``paceline server``: the server process."""

from urllib.parse import urlsplit

import click

from paceline.cli.face import Face, speaks
from paceline.cli.process_options import home_of, home_option, log_of, log_options, record_options, tls_of, tls_options
from paceline.config import GRPC_PORT, HTTP_PORT, ServerOptions, variable
from paceline.grammar import parse_duration, parse_size
from paceline.model.errors import UsageError


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
@click.option(
    "--http-port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help=f"For browsers and REST. Default {HTTP_PORT}, or any free one where that is taken; 0: any free one.",
)
@click.option(
    "--http-host", multiple=True, metavar="NAME", help="A name by which browsers may call it, besides its own."
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
@log_options
@tls_options
@speaks
def server(face: Face, /, http_port: int | None, http_host: tuple[str, ...], **given: str) -> int:
    """Start a server, in the foreground."""
    options = ServerOptions(
        home=home_of(given["home"]),
        host=given["host"],
        port=int(given["port"]),
        http_port=HTTP_PORT if http_port is None else http_port,
        http_elsewhere=http_port is None,
        http_hosts=http_host,
        store=given["store"],
        catalog=_catalog(given["catalog"]),
        tls=tls_of(given["tls_cert"], given["tls_key"], given["tls_ca"]),
        beat=parse_duration(given["beat"], "--beat"),
        lease=parse_duration(given["lease"], "--lease"),
        reserve=parse_size(given["reserve"], "--reserve"),
        record=given["record"],
        record_contents=bool(given["record_payloads"]),
        log=log_of(given["log_level"], given["log_format"]),
    )
    from paceline.server.app import run  # noqa: PLC0415 - the whole server, which --help need not pay

    return run(options, lambda address, http: _said(face, address, http))


def _catalog(named: str) -> str:
    """A password never comes from the command line, which every user of the host can read."""
    if urlsplit(named).password:
        raise UsageError("--catalog: the URL holds a password", hint="put the URL into PACELINE_CATALOG")
    return named or variable("CATALOG")


def _said(face: Face, address: str, http: str) -> None:
    face.show(
        lambda: {"type": "ready", "address": address, "http": http},
        text=lambda: f"the server answers at {address}, and browsers at {http}",
        ids=[address],
    )
