"""What is left of agents, supervisors and servers that are gone: processes by what they wrote down, and sockets."""

from collections.abc import Iterator
from pathlib import Path

from paceline.cli.doctor.finding import Finding, ok, problem, warning
from paceline.cli.doctor.processes import holder, is_alive
from paceline.cli.doctor.surroundings import Surroundings
from paceline.executor import SOCKET
from paceline.supervisor.leftovers import leftovers, lock_of
from paceline.wire.whereabouts import socket_of


def left_over(around: Surroundings) -> Iterator[Finding]:
    """Of every worker of this home, and of its server."""
    found = [*_of_server(around)]
    for directory in sorted((around.home / "workers").glob("*")):
        if directory.is_dir():
            found += _of_worker(directory)
    yield from found or [ok("nothing")]


def _of_worker(directory: Path) -> Iterator[Finding]:
    """What runs without an agent. As long as there is one, it is in charge."""
    if holder(directory / "agent.lock"):
        return
    name, left = directory.name, leftovers(directory)
    lives = bool(left.supervisor) and holder(lock_of(directory)) == left.supervisor
    count = f"{len(left.processes)} processes" if len(left.processes) != 1 else "a process"
    fields = {"worker": name, "supervisor": left.supervisor if lives else 0, "processes": list(left.processes)}
    again = f"paceline worker --name {name}"
    if lives:
        found = f"{name}: the agent is gone; its supervisor (process {left.supervisor}) still runs {count}"
        todo = f"{again} takes them over; kill {left.supervisor} ends them"
        yield warning(found, todo, **fields) if left.processes else ok(f"{found}, and leaves by itself", **fields)
    elif left.processes:
        pids = " ".join(map(str, left.processes))
        todo = f"{again} ends them before it takes work; or: kill -KILL {pids}"
        yield problem(f"{name}: {count} outlived agent and supervisor: {pids}", todo, **fields)
    elif (directory / SOCKET).exists():
        yield warning(f"{name}: the socket of a supervisor that was killed is left", f"{again} removes it", **fields)


def _of_server(around: Surroundings) -> Iterator[Finding]:
    left, socket = around.left, socket_of(around.home)
    if left is not None and not is_alive(left.pid) and socket.exists():
        found = f"the socket of server {left.pid}, which was killed, is left"
        yield warning(found, f"the next server removes it; or: rm {socket}", pid=left.pid, socket=str(socket))
