"""Is a server known, and does anybody take up a connection where it is said to be?"""

import socket
from collections.abc import Iterator

from paceline.cli.doctor.finding import Finding, ok, problem, skipped
from paceline.cli.doctor.processes import is_alive
from paceline.cli.doctor.surroundings import NAMELESS, Server, Surroundings
from paceline.model.errors import PacelineError
from paceline.wire.address import is_loopback, split_address

CONNECT = 3.0
"""Seconds that a host has to take up a connection."""


def configured(around: Surroundings) -> Iterator[Finding]:
    """Which server is meant, and who says so."""
    if isinstance(around.server, PacelineError):
        yield problem(around.server.message, around.server.hint)
        return
    address, source = around.server.address, around.server.source
    left = around.left
    if left is not None and around.is_ours and not is_alive(left.pid):
        found = f"{address} by {source}, but that server (process {left.pid}) has ended"
        yield problem(found, "start it again: paceline up", address=address, source=source, pid=left.pid)
    else:
        yield ok(f"{address}, by {source}", address=address, source=source)


def resolves(around: Surroundings) -> Iterator[Finding]:
    """Whether its name leads anywhere."""
    if isinstance(around.server, PacelineError):
        yield skipped(NAMELESS)
        return
    host, port = split_address(around.server.address)
    try:
        found = sorted({str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except socket.gaierror as error:
        todo = f"check its spelling in {around.server.source}, and the DNS of this machine: getent hosts {host}"
        yield problem(f"the name {host} is not known here: {error.strerror}", todo, host=host)
        return
    yield ok(f"{host} is {', '.join(found)}", host=host, addresses=found)


def connects(around: Surroundings) -> Iterator[Finding]:
    """Whether anybody takes up a connection there."""
    if isinstance(around.server, PacelineError):
        yield skipped(NAMELESS)
        return
    host, port = split_address(around.server.address)
    try:
        with socket.create_connection((host, port), CONNECT):
            yield ok(f"{host}:{port} takes connections")
    except socket.gaierror:
        yield skipped("its name is not known")
    except TimeoutError:
        todo = f"look for a firewall on the way to port {port}, and whether the machine is up: ping {host}"
        yield problem(f"{host}:{port} does not answer within {CONNECT:g} s", todo)
    except OSError as error:
        yield problem(f"{host}:{port}: {(error.strerror or str(error)).lower()}", _to_start(around.server))


def _to_start(server: Server) -> str:
    if is_loopback(server.address):
        return "start a server here: paceline up"
    port = split_address(server.address)[1]
    return f"start it there, open to others: paceline server --host 0.0.0.0 --port {port} --tls-cert … --tls-key …"
