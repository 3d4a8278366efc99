"""Redis and PostgreSQL, started on a free port with their data in a directory that is gone afterwards.

Their programs are the system's own where it has them; else Debian's packages are unpacked below .bench, not installed.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.peers.catalog import Service
from bench.peers.environment import ROOT, Missing

DEBIAN = ROOT / ".bench" / "debian"
PATIENCE = 30.0


@contextmanager
def started(service: Service) -> Iterator[Mapping[str, str]]:
    """What a program must find in its environment to reach the service. Raises Missing."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place, ExitStack() as stack:
        match service:
            case "none":
                yield {}
            case "redis":
                yield stack.enter_context(_redis(Path(place), ["--appendonly", "no"]))
            case "redis, every write":
                yield stack.enter_context(_redis(Path(place), ["--appendonly", "yes", "--appendfsync", "always"]))
            case "postgres":
                yield stack.enter_context(_postgres(Path(place)))


@contextmanager
def _redis(place: Path, keeping: list[str]) -> Iterator[Mapping[str, str]]:
    port = _free_port()
    command = [_program("redis-server", "redis-server", "redis-tools", "libjemalloc2", "liblzf1")]
    command += ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(place), *keeping]
    with _daemon(command, lambda: _listens(port)):
        yield {"BENCH_REDIS_PORT": str(port)}


@contextmanager
def _postgres(place: Path) -> Iterator[Mapping[str, str]]:
    """Run as another user where we are root, which it refuses to be."""
    port, data = _free_port(), place / "data"
    server = _program("postgres", "postgresql-15", "libpq5", "libllvm14", "libz3-4", "libxslt1.1")
    place.chmod(0o777)
    init = [str(Path(server).with_name("initdb")), "-D", str(data), "-A", "trust", "-U", "postgres"]
    made = subprocess.run(_humbly(init), capture_output=True, text=True, env=_environment(), cwd=place, check=False)
    if made.returncode:
        raise Missing(f"PostgreSQL's initdb fails: {made.stderr.strip().splitlines()[-1]}")
    command = [server, "-D", str(data), "-p", str(port), "-k", str(place), "-c", "listen_addresses=127.0.0.1"]
    with _daemon(_humbly(command), lambda: _listens(port)):
        yield {"BENCH_POSTGRES": f"host=127.0.0.1 port={port} user=postgres dbname=postgres"}


# ── programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _program(name: str, *packages: str) -> str:
    """Where a program is: the system's, or one from Debian's packages. Raises Missing."""
    found = shutil.which(name) or _found(Path("/usr/lib/postgresql"), name) or _found(DEBIAN, name)
    if found:
        return found
    _unpack(packages)
    found = _found(DEBIAN, name)
    if not found:
        raise Missing(f"there is no {name} here, nor in Debian's packages {', '.join(packages)}")
    return found


def _found(below: Path, name: str) -> str:
    return next((str(path) for path in sorted(below.rglob(f"bin/{name}")) if os.access(path, os.X_OK)), "")


def _unpack(packages: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as place:
        for package in packages:
            got = subprocess.run(["apt-get", "download", package], cwd=place, capture_output=True, check=False)
            if got.returncode:
                raise Missing(f"the package {package} cannot be had: {got.stderr.decode().strip()}")
        for archive in Path(place).glob("*.deb"):
            subprocess.run(["dpkg", "-x", archive, DEBIAN], check=True)


def _environment() -> Mapping[str, str]:
    """With the unpacked packages' libraries, if there are any."""
    libraries = {str(path.parent) for path in DEBIAN.rglob("lib*.so.*")} if DEBIAN.exists() else set()
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(sorted(libraries))} if libraries else os.environ


def _humbly(command: list[str]) -> list[str]:
    if os.geteuid():
        return command
    user = "postgres" if _known("postgres") else "nobody"
    return ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups", *command]


def _known(user: str) -> bool:
    return any(entry.pw_name == user for entry in pwd.getpwall())


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _daemon(command: list[str], up: Callable[[], bool]) -> Iterator[None]:
    with subprocess.Popen(
        command, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until = time.perf_counter() + PATIENCE
            while not up():
                if process.poll() is not None or time.perf_counter() > until:
                    raise Missing(f"{Path(command[0]).name} does not start")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
