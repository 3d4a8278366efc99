"""Ports that Paceline uses unless it is told otherwise, and who has them."""

from collections.abc import Callable, Iterator, Sequence

from paceline.cli.doctor.finding import Finding, ok, warning
from paceline.cli.doctor.processes import command, listeners
from paceline.cli.doctor.surroundings import Surroundings
from paceline.config import GRPC_PORT, HTTP_PORT, METRICS_PORT, STATUS_PORT

USUAL: Sequence[tuple[int, str, str]] = (
    (GRPC_PORT, "the server's", "--port"),
    (HTTP_PORT, "the dashboard's", "--http-port"),
    (STATUS_PORT, "a worker's status", "--status-port"),
    (METRICS_PORT, "a worker's metrics", "--metrics-port"),
)
"""Port, whose it is, and the option that chooses another."""


def ports(around: Surroundings) -> Iterator[Finding]:
    """Each of them: free, ours, or a stranger's."""
    yield from judged(listeners(), command, USUAL)


def judged(
    taken: dict[int, int], command: Callable[[int], str], wanted: Sequence[tuple[int, str, str]]
) -> Iterator[Finding]:
    """``taken``: pid by port; ``command``: what a process is."""
    free = [port for port, _, _ in wanted if port not in taken]
    for port, whose, option in wanted:
        if port not in taken:
            continue
        pid = taken[port]
        what = command(pid)
        who = f"{what} (process {pid})" if what else "a process that is not ours to see"
        if "paceline" in what:
            yield ok(f"{port} is Paceline's: {who}", port=port, pid=pid, command=what)
        else:
            todo = f"stop it, or choose another port: {option} PORT (0 takes any free one)"
            yield warning(f"{port} ({whose}) is taken by {who}", todo, port=port, pid=pid, command=what)
    if free:
        yield ok(f"free: {', '.join(map(str, free))}", ports=free)
