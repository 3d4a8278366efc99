"""What is answered over HTTP: the server's pages, and each local worker's metrics."""

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import SplitResult, urlsplit

from paceline.cli.doctor.finding import Finding, ok, problem, skipped, warning
from paceline.cli.doctor.processes import is_alive
from paceline.cli.doctor.surroundings import Server, Surroundings
from paceline.config import HTTP_PORT, Tls
from paceline.wire.address import split_address
from paceline.wire.whereabouts import read_workers

PATIENCE = 3.0
"""Seconds for an answer."""


def server(around: Surroundings) -> Iterator[Finding]:
    """Whether the dashboard and REST answer where the server says that they do."""
    left = around.left
    if not isinstance(around.server, Server):
        yield skipped("no server is known")
    elif around.is_ours and left is not None and left.http:
        yield _answered(f"{left.http}/health", around.tls, problem)
        yield _answered(f"{left.http}/", around.tls, problem)
    elif around.is_ours:
        yield skipped("this server has written down no address for browsers")
    else:
        host = split_address(around.server.address)[0]
        scheme = "http" if around.in_clear else "https"
        yield _answered(f"{scheme}://{host}:{HTTP_PORT}/health", around.tls, warning)


def worker(around: Surroundings) -> Iterator[Finding]:
    """Whether the metrics of the workers that run here can be read."""
    there = read_workers(around.home)
    for each in there:
        if is_alive(each.pid):
            yield _answered(f"{each.http}/metrics", Tls(), problem)
        else:
            yield skipped(f"{each.name} does not run")
    if not there:
        yield skipped("no worker of this home has written down where it answers")


def _answered(url: str, tls: Tls, verdict: Callable[..., Finding]) -> Finding:
    """``verdict`` is what becomes of one that does not answer as it should."""
    where = urlsplit(url)
    try:
        status = _status(where, tls)
    except (OSError, http.client.HTTPException) as error:
        todo = f"look whether the process runs, and whether a firewall is before port {where.port}"
        return verdict(f"{url} does not answer: {_words(error)}", todo, url=url)
    if status == http.client.OK:
        return ok(f"{url} answers", url=url)
    if status == http.client.UNAUTHORIZED:
        return ok(f"{url} answers whoever shows a token", url=url)
    todo = f"see what is there: curl -i {url}"
    return verdict(f"{url} answers {status}: this is no Paceline, or it is in trouble", todo, url=url, status=status)


def _status(where: SplitResult, tls: Tls) -> int:
    host = where.hostname or ""
    if where.scheme == "https":
        context = ssl.create_default_context(cafile=tls.ca or None)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, where.port, timeout=PATIENCE, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, where.port, timeout=PATIENCE)
    with closing(connection):
        connection.request("GET", where.path)
        return connection.getresponse().status


def _words(error: Exception) -> str:
    return (getattr(error, "strerror", "") or str(error) or type(error).__name__).lower()
