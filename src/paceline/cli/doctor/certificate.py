"""Whether the server's certificate is one that gRPC would trust, and for how long."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from paceline.cli.doctor.connection import CONNECT
from paceline.cli.doctor.finding import Finding, ok, problem, skipped, warning
from paceline.cli.doctor.surroundings import NAMELESS, Surroundings
from paceline.cli.words import age
from paceline.model.errors import PacelineError, UsageError
from paceline.wire.address import split_address

SOON = 14 * 86400
"""Seconds before its end at which a certificate is worth a warning."""


def trusted(around: Surroundings) -> Iterator[Finding]:
    """Whether its certificate is one we trust, and for how long."""
    if isinstance(around.server, PacelineError):
        yield skipped(NAMELESS)
    elif around.in_clear:
        yield ok("not needed: the server is on this machine")
    else:
        yield from _certificate(around, *split_address(around.server.address))


def _certificate(around: Surroundings, host: str, port: int) -> Iterator[Finding]:
    try:
        with (
            socket.create_connection((host, port), CONNECT) as plain,
            _context(around).wrap_socket(plain, server_hostname=host) as secure,
        ):
            until = ssl.cert_time_to_seconds(str((secure.getpeercert() or {})["notAfter"]))
    except ssl.SSLCertVerificationError as error:
        yield problem(f"its certificate is refused: {error.verify_message}", _to_trust(around, host, error))
    except ssl.SSLError as error:
        todo = "the server speaks no TLS, or wants a certificate of ours (PACELINE_TLS_CERT, PACELINE_TLS_KEY)"
        yield problem(f"no secure connection: {error.reason or error}", todo)
    except (OSError, KeyError) as error:
        yield skipped(f"no connection: {error}")
    else:
        left = until - around.clock.now()
        text = f"trusted, and good for another {age(left)}"
        todo = "have the certificate renewed, and start the server with the new one"
        yield warning(text, todo, expires_at=until) if left < SOON else ok(text, expires_at=until)


def _context(around: Surroundings) -> ssl.SSLContext:
    """As gRPC would have it. Raises UsageError naming the file that cannot be read."""
    tls = around.tls
    for file in filter(None, (tls.ca, tls.cert, tls.key)):
        _demand_readable(file)
    context = ssl.create_default_context(cafile=tls.ca or None)
    context.set_alpn_protocols(["h2"])
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key or None)
    return context


def _demand_readable(file: str) -> None:
    """Raises UsageError unless it is."""
    try:
        Path(file).open("rb").close()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", hint="see PACELINE_TLS_…") from None


def _to_trust(around: Surroundings, host: str, error: ssl.SSLCertVerificationError) -> str:
    if "expired" in error.verify_message:
        return "have it renewed, and start the server with the new one; or set the clock of this machine"
    if "mismatch" in error.verify_message.lower():
        return f"name the server as its certificate does, or have one made for {host}"
    return "name the authority that signed it: PACELINE_TLS_CA=ca.pem" + (", not this one" if around.tls.ca else "")
